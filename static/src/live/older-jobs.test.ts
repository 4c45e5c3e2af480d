import { describe, expect, test } from "vitest";

import type { JobsPage } from "./api.ts";
import { aJob } from "./examples.ts";
import { OlderJobs, withOlder } from "./older-jobs.ts";
import type { JobSummary } from "./protocol.ts";
import type { JobStatus } from "./view.ts";

const moment = (n: number): string => `2026-03-02T12:00:${String(n).padStart(2, "0")}Z`;
/** Job number `n` is the nth oldest. */
const job = (n: number, status: JobStatus = "completed"): JobSummary =>
  aJob({ job_id: `job-${n}`, status, created_at: moment(n), ended_at: status === "running" ? null : moment(n) });
const ids = (jobs: readonly JobSummary[]): string[] => jobs.map(({ job_id: id }) => id);
const pushed = (...jobs: JobSummary[]) => new Map(jobs.map((each) => [each.job_id, each]));
const ALL = new Set<JobStatus>();

/** A server that keeps `jobs` and answers two at a time. */
function server(...jobs: JobSummary[]) {
  const asked: string[] = [];
  const read = async (statuses: readonly JobStatus[], cursor: string | null): Promise<JobsPage> => {
    asked.push(`${statuses.join()}@${cursor}`);
    const rows = jobs.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
    const from = Number(cursor ?? 0);
    const counts: { [status: string]: number } = {};
    for (const { status } of jobs) counts[status] = (counts[status] ?? 0) + 1;
    return { jobs: rows.slice(from, from + 2), next: from + 2 < rows.length ? String(from + 2) : null, counts };
  };
  return { read, asked, kept: jobs };
}

describe("older jobs", () => {
  test("are read on until one comes that was not pushed, and then from there", async () => {
    const { read, asked } = server(job(6), job(5), job(4), job(3), job(2), job(1));
    const older = new OlderJobs(read);
    const known = () => pushed(job(6), job(5), job(4));
    await older.more(ALL, known);
    expect([ids(older.jobs), older.reach(ALL).next, asked]).toEqual([["job-3"], "4", ["@null", "@2"]]);
    expect(older.beyond.get("completed")).toBe(2);
    await older.more(ALL, known);
    await older.more(ALL, known);
    expect([ids(older.jobs), older.reach(ALL).next, asked.length]).toEqual([["job-3", "job-2", "job-1"], null, 3]);
    expect(older.beyond.size).toBe(0);
  });

  test("are read for each filter by itself", async () => {
    const { read, asked } = server(job(4), job(3, "failed"), job(2), job(1, "failed"));
    const older = new OlderJobs(read);
    await older.more(new Set(["failed"]), () => pushed(job(4)));
    expect([ids(older.jobs), older.reach(ALL).next]).toEqual([["job-3", "job-1"], undefined]);
    await older.more(ALL, () => pushed(job(4)));
    expect([ids(older.jobs), asked]).toEqual([["job-3", "job-2", "job-1"], ["failed@null", "@null", "@2"]]);
  });

  test("that could not be read can be asked for again", async () => {
    let fails = true;
    const { read } = server(job(1));
    const older = new OlderJobs((...asked) => (fails ? Promise.reject(new Error("no answer")) : read(...asked)));
    await older.more(ALL, () => pushed());
    expect(older.reach(ALL)).toMatchObject({ next: undefined, reading: false, error: new Error("no answer") });
    fails = false;
    await older.more(ALL, () => pushed());
    expect([ids(older.jobs), older.reach(ALL).error]).toEqual([["job-1"], null]);
  });

  test("that may move on are looked at again, until they have ended", async () => {
    const { read, asked, kept } = server(job(3), job(2, "running"), job(1));
    const older = new OlderJobs(read);
    await older.more(ALL, () => pushed(job(3)));
    kept[1] = job(2, "lost");
    await older.refresh(() => pushed(job(3)));
    expect(older.jobs.map(({ status }) => status)).toEqual(["lost"]);
    const before = asked.length;
    await older.refresh(() => pushed(job(3)));
    expect(asked.length).toBe(before);
  });

  test("stay when they are pushed no more, and are forgotten together", () => {
    const older = new OlderJobs(server().read);
    older.keep([job(1), job(3)]);
    older.keep([job(2)]);
    expect(ids(older.jobs)).toEqual(["job-3", "job-2", "job-1"]);
    older.forget();
    expect(older.jobs).toEqual([]);
  });
});

test("the list has older jobs at their places, and of each job what was pushed", () => {
  const list = withOlder(pushed(job(5), job(2, "running")), [job(4), job(2), job(1)]);
  expect(list.map(({ job_id: id, status }) => `${id} ${status}`)).toEqual([
    "job-5 completed",
    "job-4 completed",
    "job-2 running",
    "job-1 completed",
  ]);
});
