import { describe, expect, test } from "vitest";

import { ApiError } from "../live/api.ts";
import type { RecordedParts } from "./parts.ts";
import { LEFT_OUT, RecordedReading, isoOf } from "./recorded-reading.ts";

const SOURCES = [
  ["reader", "trigger", "start"],
  ["reader", "line", "event"],
];
const ROWS = [
  { first: 4, source: [1, 1], us: [1_772_452_800_000_007, 1_772_452_800_000_008], cause: [1, 4], cut: [1] },
  { first: 6, source: [1, 1], us: [1, 2], cause: [0, 0], cut: [] },
];

/** Parts as the page would hold them, all in one. */
function holding(held: { [name: string]: unknown }): RecordedParts {
  return {
    one: async (name: string) => {
      if (!(name in held)) throw new Error(`no ${name}`);
      return held[name];
    },
    rows: async (name: string) => held[name] ?? [],
    first: (name: string, otherwise: number) => (held[name] as { first: number }[] | undefined)?.[0]?.first ?? otherwise,
  } as unknown as RecordedParts;
}

describe("a recorded job", () => {
  const totals = { records: 7, log: 2, outputs: 0 };
  const payloads = [{ first: 6, data: [{ a: 1 }, null] }];
  const reading = new RecordedReading(holding({ sources: SOURCES, records: ROWS, payloads, log: [[{ n: 1 }, { n: 2 }]] }), totals);

  test("gives the records of a range, with their names, times and causes", async () => {
    const { records, first, last, total } = await reading.history("job", 5, 2);
    expect([first, last, total]).toEqual([4, 7, 7]);
    expect(records.map(({ seq, data, cut }) => [seq, data, cut])).toEqual([
      [6, { a: 1 }, false],
      [7, null, false],
    ]);
    expect(records[0]).toMatchObject({ routine_id: "reader", event_name: "line", kind: "event", cause: null });
  });

  test("says of payloads that are not in the file that they are not", async () => {
    const { records } = await reading.history("job", 0, 5);
    expect(records.map(({ seq, data, cut, cause }) => [seq, data, cut, cause])).toEqual([
      [4, LEFT_OUT, true, 1],
      [5, LEFT_OUT, true, 4],
    ]);
    expect(records[0]?.timestamp).toBe("2026-03-02T12:00:00.000007+00:00");
  });

  test("gives rows of the log by their numbers, and none where there are none", async () => {
    expect(await reading.log("job", 1, 10)).toMatchObject({ entries: [{ n: 2 }], last: 2, total: 2 });
    expect(await reading.outputs("job", 0, 10)).toEqual({ outputs: [], first: 1, last: 0, total: 0 });
  });

  test("tells a person what is wrong with the file", async () => {
    await expect(reading.metrics()).rejects.toMatchObject({ title: "The recording could not be read" });
    const strange = new RecordedReading(holding({ metrics: { flow: { total_events: "many" } } }), totals);
    await expect(strange.metrics()).rejects.toBeInstanceOf(ApiError);
  });
});

test("moments have their microseconds", () => {
  expect(isoOf(1_772_452_800_123_456)).toBe("2026-03-02T12:00:00.123456+00:00");
});
