import { expect, test } from "vitest";

import { aJob, aKeyframe, someFigures, someJobs } from "../live/examples.ts";
import { foldJobs } from "../live/jobs-store.ts";
import { viewOf } from "../live/view.ts";
import { NOTHING_MISSED, missedWords, standingOfJob, standingOfJobs } from "./absence.ts";

const counts = (events: number, queued = 0) => ({ events, errors: 0, queued, running: 0 });
const UNSAID = "No event was emitted while this page was away; what else happened is here now.";

test("of a job that emitted meanwhile, how many events are told; of one that stood still, that it did", () => {
  const of = (events: number) => standingOfJob(viewOf(aKeyframe({ job: aJob({ counts: counts(events) }) })));
  expect(missedWords(of(7), of(2148))).toBe("2,141 events happened while this page was away; all are here now.");
  expect(missedWords(of(7), of(7))).toBe(NOTHING_MISSED);
});

test("handlers that ran without emitting anything have happened too", () => {
  const of = (done: number) => standingOfJob(viewOf(aKeyframe({ routines: { sink: someFigures({ done }) } })));
  expect(missedWords(of(15), of(34))).toBe(UNSAID);
});

test("in a list, what became of any job has happened", () => {
  const of = (...jobs: ReturnType<typeof aJob>[]) => standingOfJobs(foldJobs(null, someJobs({ jobs }))!);
  const [waiting, fewer] = [aJob({ counts: counts(60, 45) }), aJob({ counts: counts(60, 26) })];
  expect(missedWords(of(waiting), of(waiting))).toBe(NOTHING_MISSED);
  expect(missedWords(of(waiting), of(fewer))).toBe(UNSAID);
  expect(missedWords(of(waiting), of(aJob({ status: "completed", counts: counts(60, 45) })))).toBe(UNSAID);
  expect(missedWords(of(waiting), of(aJob({ counts: counts(61) })))).toMatch(/^1 event happened/);
});
