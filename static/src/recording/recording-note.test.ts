import { expect, test } from "vitest";

import type { About } from "./about.ts";
import { missingWords } from "./recording-note.ts";

const ABOUT: About = {
  format: 1,
  made_by: "routilux-dashboard 1",
  made_at: "2026-03-02T12:00:00.000000+00:00",
  job_id: "7f3a91c2-0000",
  flow_id: "census",
  origin: "worker-1",
  masked: [],
  limit: 25_000_000,
  left_out: [],
  missing: [],
};

test("a recording that has everything says nothing of what it has not", () => {
  expect(missingWords(ABOUT)).toEqual([]);
});

test("a recording says what was left out, which, how much and why", () => {
  const left_out = [
    { what: "payloads", first: 1, last: 120_000, count: 119_000 },
    { what: "outputs", first: 1, last: 1, count: 1 },
  ] as const;
  const words = missingWords({ ...ABOUT, left_out: [...left_out], masked: ["password"], missing: ["No store."] });
  expect(words).toEqual([
    "No store.",
    "The data of 119,000 records (1 to 120,000) was left out, so that the file has at most 25 MB; all counts are exact.",
    "1 output (1 to 1) was left out, so that the file has at most 25 MB; all counts are exact.",
    "Values named password are hidden.",
  ]);
});
