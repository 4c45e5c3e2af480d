import { expect, test } from "vitest";

import { aSample } from "../live/examples.ts";
import type { Series } from "../live/protocol.ts";
import { busiest, errors, meanDuration, queueDepth, thinned, throughput } from "./chart-points.ts";

const CREATED = 10_000;
const series: Series = {
  start: CREATED + 1000,
  interval_ms: 500,
  points: [
    aSample(0, { events: 4, errors: 1, queued: 3, routines: { a: [2, 1, 30], b: [9, 2, 9] } }),
    aSample(1, { events: 6, errors: 0, queued: 5, routines: { a: [0, 4, 0] } }),
  ],
};

test("points stand at the end of their interval, in seconds of the job", () => {
  expect(throughput(series, CREATED, ["a"]).times).toEqual([1.5, 2]);
});

test("throughput is a second, queues as they were, times a mean, and nothing where nothing ran", () => {
  expect(throughput(series, CREATED, ["a", "b"]).curves).toEqual([
    [4, 0],
    [18, 0],
  ]);
  expect(queueDepth(series, CREATED, ["a", "b"]).curves).toEqual([
    [1, 4],
    [2, 0],
  ]);
  expect(meanDuration(series, CREATED, ["a", "b"]).curves).toEqual([
    [15, null],
    [1, null],
  ]);
  expect(errors(series, CREATED).curves).toEqual([[1, 0]]);
});

test("without figures of single routines the whole job is shown", () => {
  expect(throughput(series, CREATED, []).curves).toEqual([[8, 12]]);
});

test("the busiest routines are shown in the flow's order, at most eight", () => {
  expect(busiest(series, ["a", "b", "never"])).toEqual(["a", "b"]);
  const ids = Array.from({ length: 12 }, (_, index) => `r${index}`);
  const routines = Object.fromEntries(ids.map((id, index) => [id, [index + 1, 0, 0] as [number, number, number]]));
  const many: Series = { ...series, points: [aSample(0, { routines })] };
  expect(busiest(many, ids)).toEqual(ids.slice(4));
});

test("too many points are merged with their neighbours: sums are kept, and the last waits until it is whole", () => {
  const points = Array.from({ length: 241 }, (_, index) =>
    aSample(index, { events: 1, queued: index, routines: { a: [1, index, 2] } }),
  );
  const few = thinned({ start: 0, interval_ms: 500, points });
  expect([few.points.length, few.interval_ms]).toEqual([80, 1500]);
  expect(few.points[1]).toMatchObject({ index: 1, events: 3, queued: 5, routines: { a: [3, 5, 6] } });
  expect(thinned(series)).toBe(series);
});
