import { describe, expect, test } from "vitest";

import { aFrame, aJob, aKeyframe, aRecord, aSample, someFigures } from "./examples.ts";
import { apply, follows } from "./reducer.ts";
import { KEPT_RECORDS, changesOf, mergeChanges, noChanges, viewOf } from "./view.ts";

describe("a frame", () => {
  test("replaces what it has and leaves what it has not", () => {
    const view = viewOf(aKeyframe({ routines: { a: someFigures({ done: 1 }), b: someFigures({ done: 2 }) } }));
    const changes = apply(view, aFrame({ seq: 7, at: 9, routines: { a: someFigures({ done: 3 }) } }));
    expect(view.routines["a"]?.done).toBe(3);
    expect(view.routines["b"]?.done).toBe(2);
    expect([...changes.routines]).toEqual(["a"]);
    expect([view.seq, view.frame, view.at, changes.records]).toEqual([7, 2, 9, 7]);
  });

  test("tells how many messages went along each connection since the one before", () => {
    const view = viewOf(aKeyframe({ connections: { "a.x->b.y": { count: 5, rate: 0 } } }));
    const connections = { "a.x->b.y": { count: 8, rate: 3 }, "a.x->c.y": { count: 2, rate: 2 } };
    const { emissions } = apply(view, aFrame({ connections }));
    expect([...emissions]).toEqual([
      ["a.x->b.y", 3],
      ["a.x->c.y", 2],
    ]);
  });

  test("follows only when its number is the next one", () => {
    const view = viewOf(aKeyframe({ frame: 4 }));
    expect(follows(view, aFrame({ frame: 5 }))).toBe(true);
    expect(follows(view, aFrame({ frame: 4 }))).toBe(false);
    expect(follows(view, aFrame({ frame: 6 }))).toBe(false);
  });

  test("adds its records once, and the oldest leave when there are too many", () => {
    const view = viewOf(aKeyframe({ seq: 2, records: [aRecord(1), aRecord(2)] }));
    apply(view, aFrame({ seq: 3, records: [aRecord(2), aRecord(3)] }));
    expect(view.records.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const many = Array.from({ length: KEPT_RECORDS }, (_, index) => aRecord(index + 4));
    apply(view, aFrame({ frame: 3, seq: KEPT_RECORDS + 3, records: many }));
    expect(view.records.length).toBe(KEPT_RECORDS);
    expect(view.records[0]?.seq).toBe(4);
  });

  test("adds points to the charts, or brings them anew", () => {
    const view = viewOf(aKeyframe({ series: { start: 0, interval_ms: 500, points: [aSample(0)] } }));
    apply(view, aFrame({ samples: [aSample(0), aSample(1)] }));
    expect(view.series.points.map(({ index }) => index)).toEqual([0, 1]);
    const { series } = apply(view, aFrame({ series: { start: 0, interval_ms: 1000, points: [aSample(0)] } }));
    expect([view.series.interval_ms, view.series.points.length, series]).toEqual([1000, 1, true]);
  });

  test("says that the job turned when its status, control or error did, and not for its counters", () => {
    const view = viewOf(aKeyframe());
    const counts = { events: 5, errors: 0, queued: 1, running: 1 };
    expect(apply(view, aFrame({ job: aJob({ counts }) })).job).toBe(false);
    expect(apply(view, aFrame({ job: aJob({ counts, status: "paused" }) })).job).toBe(true);
  });
});

describe("changes", () => {
  test("merge into what happened in both", () => {
    const changes = { ...noChanges(), records: 2, emissions: new Map([["e", 1]]), routines: new Set(["a"]) };
    mergeChanges(changes, {
      ...noChanges(),
      log: true,
      records: 3,
      emissions: new Map([["e", 4]]),
      routines: new Set(["b"]),
    });
    expect(changes).toMatchObject({ log: true, outputs: false, records: 5 });
    expect([...changes.routines]).toEqual(["a", "b"]);
    expect(changes.emissions.get("e")).toBe(5);
  });

  test("of a keyframe count the records that were missed, and show no pulses", () => {
    const before = viewOf(aKeyframe({ seq: 10 }));
    const changes = changesOf(aKeyframe({ seq: 25, connections: { e: { count: 9, rate: 0 } } }), before);
    expect([changes.records, changes.flow, changes.emissions.size]).toEqual([15, false, 0]);
    expect([...changes.connections]).toEqual(["e"]);
  });
});
