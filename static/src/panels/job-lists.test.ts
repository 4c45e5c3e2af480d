import { describe, expect, test } from "vitest";

import { aControl, aJob } from "../live/examples.ts";
import { filtered, statusesIn, toggled, withStatuses } from "./job-filter.ts";
import { endedByHour, longestPause, newestSilence, total, underWayLastHour } from "./job-tallies.ts";

const NOW = Date.parse("2026-03-02T12:00:00Z");
const before = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

describe("the filter by status", () => {
  test("is read from the address and written there, and knows no other words", () => {
    expect([...statusesIn("?status=paused,failed,nonsense")]).toEqual(["paused", "failed"]);
    expect(withStatuses("?theme=dark&status=running", new Set(["failed", "paused"]))).toBe(
      "?theme=dark&status=paused,failed",
    );
    expect(withStatuses("?status=running", new Set())).toBe("");
  });

  test("shows all when nothing is chosen", () => {
    const jobs = [aJob(), aJob({ status: "failed" })];
    expect([filtered(jobs, new Set()).length, filtered(jobs, new Set(["failed"])).length]).toEqual([2, 1]);
  });

  test("is given up when what is chosen is chosen again", () => {
    expect([...toggled(new Set(), ["failed"])]).toEqual(["failed"]);
    expect([...toggled(new Set(["failed"]), ["failed"])]).toEqual([]);
    expect([...toggled(new Set(["failed"]), ["pending", "running"])]).toEqual(["pending", "running"]);
  });
});

describe("the tiles", () => {
  test("count what ended in the last day, hour by hour", () => {
    const ends = [before(5), before(30), before(90), before(23 * 60 + 59), before(25 * 60)];
    const jobs = ends.map((ended_at) => aJob({ status: "failed", created_at: ended_at, ended_at }));
    const hours = endedByHour([...jobs, aJob()], "failed", NOW);
    expect([hours[23], hours[22], hours[0], total(hours)]).toEqual([2, 1, 1, 4]);
  });

  test("show how many jobs were under way in the last hour", () => {
    const jobs = [
      aJob({ created_at: before(30) }),
      aJob({ status: "completed", created_at: before(120), ended_at: before(45) }),
      aJob({ status: "completed", created_at: before(300), ended_at: before(200) }),
    ];
    expect(underWayLastHour(jobs, NOW, 5)).toEqual([1, 1, 1, 1, 1]);
    expect(underWayLastHour(jobs.slice(0, 1), NOW, 5)).toEqual([0, 0, 1, 1, 1]);
  });

  test("take a lost job for one that was under way until its last sign, and say how fresh the newest loss is", () => {
    const lost = (minutes: number) => aJob({ status: "lost", created_at: before(60), last_sign: before(minutes) });
    expect(underWayLastHour([lost(20)], NOW, 5)).toEqual([1, 1, 1, 0, 0]);
    expect([newestSilence([lost(20), lost(3), aJob()], NOW), newestSilence([aJob()], NOW)]).toEqual([180_000, null]);
  });

  test("say how long the longest pause is", () => {
    const paused = (minutes: number) => aJob({ status: "paused", control: aControl({ since: before(minutes) }) });
    expect([longestPause([paused(2), paused(7), aJob()], NOW), longestPause([aJob()], NOW)]).toEqual([420_000, null]);
  });
});
