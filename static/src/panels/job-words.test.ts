import { describe, expect, test } from "vitest";

import { aControl, aJob } from "../live/examples.ts";
import type { JobSummary } from "../live/protocol.ts";
import { timeOfDay } from "../parts/format.ts";
import { elapsed, elapsedInUnits, elapsedWords, headline, sentence, underWay } from "./job-words.ts";

const NOW = Date.parse("2026-03-02T12:04:31Z");
const said = (job: JobSummary, at = NOW): string =>
  sentence(job, at, NOW)
    .map(({ text }) => text)
    .join("");

describe("what a job says of itself", () => {
  test("while a pause is asked for: by whom, how long ago, and what it waits for, with times that grow", () => {
    const waiting_for = [
      { routine_id: "parser", slot: "source", running_ms: 1400 },
      { routine_id: "imports", slot: "tree", running_ms: 200 },
    ];
    const since = "2026-03-02T12:04:29.600Z";
    const job = aJob({ control: aControl({ action: "pause", state: "draining", by: "ops", since, waiting_for }) });
    expect(headline(job)).toEqual({ tone: "paused", word: "Pausing…" });
    expect(said(job)).toBe("asked 1.4 s ago by ops · waiting for parser 1.4 s, imports 0.2 s");
    expect(said(job, NOW - 600)).toBe("asked 1.4 s ago by ops · waiting for parser 2.0 s, imports 0.8 s");
  });

  test("while many handlers run: each routine once, and of many routines those that have taken longest", () => {
    const running = (routine_id: string, running_ms: number) => ({ routine_id, slot: "item", running_ms });
    const of = (...waiting_for: ReturnType<typeof running>[]): string =>
      said(aJob({ control: aControl({ action: "pause", state: "draining", waiting_for }) }));
    expect(of(running("slow", 300), running("slow", 700), running("sink", 1200), running("slow", 500))).toBe(
      "asked · waiting for sink 1.2 s, slow ×3, longest 0.7 s",
    );
    const many = ["a", "b", "c", "d", "e"].map((id, index) => running(id, 100 * (index + 1)));
    expect(of(...many)).toBe("asked · waiting for e 0.5 s, d 0.4 s, c 0.3 s and 2 more routines");
  });

  test("when it is paused: since when, what is kept, why and by whom", () => {
    const asked = { by: "ops", reason: "checking the parser", since: "2026-03-02T12:02:20Z", kept: 62 };
    const job = aJob({ status: "paused", control: aControl({ action: "pause", state: "effective", ...asked }) });
    expect(headline(job)).toEqual({ tone: "paused", word: "Paused" });
    expect(said(job)).toBe("for 00:02:11 · 62 queued, kept · “checking the parser” – ops");
  });

  test("while it is cancelled: what was dropped and what it waits for", () => {
    const waiting_for = [{ routine_id: "parser", slot: "source", running_ms: 600 }];
    const job = aJob({ control: aControl({ action: "cancel", state: "draining", dropped: 62, waiting_for }) });
    expect(headline(job)).toEqual({ tone: "cancelled", word: "Cancelling…" });
    expect(said(job)).toBe("62 queued were dropped · waiting for parser 0.6 s");
  });

  test("when it is lost: since when nothing is heard of its program, and what is kept; its clock stands still", () => {
    const counts = { events: 18_230, errors: 0, queued: 4, running: 1 };
    const control = aControl({ action: "pause", state: "requested" });
    const job = aJob({ status: "lost", last_sign: "2026-03-02T12:01:11Z", counts, control });
    expect(headline(job)).toEqual({ tone: "lost", word: "Lost" });
    const since = timeOfDay("2026-03-02T12:01:11Z");
    expect(said(job)).toBe(`nothing heard of its program since ${since}, for 00:03:20 · 18,230 events kept`);
    expect(elapsed(job, NOW)).toBe(71_000);
    expect(said(aJob({ status: "lost" }))).toBe("nothing heard of its program · 0 events kept");
  });

  test("when it runs or is done: nothing but its status", () => {
    expect([headline(aJob()).word, said(aJob())]).toEqual(["Running", ""]);
    const done = aJob({ status: "completed", ended_at: "2026-03-02T12:02:58Z" });
    expect([headline(done).word, said(done), elapsed(done, NOW)]).toEqual(["Completed", "", 178_000]);
  });
});

test("what took a second or more is told by the clock, whether it goes on or is over; what took less, exactly", () => {
  const took = (ended_at: string | null, created_at = "2026-03-02T12:04:00.000Z"): string =>
    elapsedWords(aJob({ created_at, ended_at }), NOW);
  expect([took("2026-03-02T12:04:00.037Z"), took("2026-03-02T12:04:12.400Z"), took(null)]).toEqual([
    "37 ms",
    "00:00:12",
    "00:00:31",
  ]);
  expect(took("2026-03-02T12:04:00Z", "2026-03-02T12:02:13Z")).toBe("00:01:47");
});

test("in a list all times are in units, whether the job goes on or is over", () => {
  const took = (ended_at: string | null, created_at: string): string =>
    elapsedInUnits(aJob({ created_at, ended_at }), NOW);
  const [quick, going] = [took("2026-03-02T12:04:00.037Z", "2026-03-02T12:04:00Z"), took(null, "2026-03-02T12:04:10.6Z")];
  expect([quick, going, took(null, "2026-03-02T11:59:16Z")]).toEqual(["37 ms", "20 s", "5 min 15 s"]);
});

test("a control that came too late for the job is not under way", () => {
  const control = aControl({ action: "pause", state: "draining" });
  expect(underWay(aJob({ control }))).toBe("pause");
  expect(underWay(aJob({ status: "completed", control }))).toBeNull();
});
