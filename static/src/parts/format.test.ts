import { describe, expect, test } from "vitest";

import {
  ago,
  asSentence,
  clock,
  count,
  dayAndTime,
  duration,
  fullTime,
  growing,
  number,
  percent,
  plural,
  rate,
  shortNumber,
  timeOfDay,
  wholeSeconds,
} from "./format.ts";

test("numbers have separators, and nothing is a dash", () => {
  expect([number(18230), number(0), number(null), number(Number.NaN)]).toEqual(["18,230", "0", "–", "–"]);
  expect([count(0), count(7), plural(1, "event"), plural(2141, "event")]).toEqual([
    "–",
    "7",
    "1 event",
    "2,141 events",
  ]);
});

test("large numbers are short where there is little room, and never rounded up", () => {
  expect([999_999, 1_239_999, 98_765_432_109, 999_999_999].map((value) => shortNumber(value))).toEqual([
    "999,999",
    "1.23 M",
    "98.7 G",
    "999 M",
  ]);
  expect([shortNumber(12_345, 1e4), shortNumber(1e6), rate(1_234_567), count(12_345_678)]).toEqual([
    "12.3 k",
    "1.00 M",
    "1.23 M/s",
    "12.3 M",
  ]);
});

test("rates are a second, with a digit where that says more", () => {
  expect([rate(842.4), rate(10711), rate(3.42), rate(0.04), rate(0)]).toEqual([
    "842/s",
    "10,711/s",
    "3.4/s",
    "0/s",
    "–",
  ]);
});

test("a share is all only when it is all", () => {
  expect([percent(1), percent(0.99996), percent(0.9962), percent(0), percent(null)]).toEqual([
    "100 %",
    "99.9 %",
    "99.6 %",
    "0.0 %",
    "–",
  ]);
});

describe("durations", () => {
  test("are for people", () => {
    const of = [0, 0.0002, 0.05, 0.4, 12.3, 999, 1400, 59_900, 131_000, 12_000_000, 352_800_000].map(duration);
    expect(of).toEqual([
      "0 ms",
      "< 1 µs",
      "50 µs",
      "0.4 ms",
      "12 ms",
      "999 ms",
      "1.4 s",
      "60 s",
      "2 min 11 s",
      "3 h 20 min",
      "4 d 2 h",
    ]);
    expect(duration(null)).toBe("–");
  });

  test("that grow while one looks have tenths of a second", () => {
    expect([growing(660), growing(-5), growing(1400), growing(61_000)]).toEqual([
      "0.7 s",
      "0.0 s",
      "1.4 s",
      "1 min 1 s",
    ]);
  });

  test("on a clock have hours, minutes and seconds, and days when there are any", () => {
    expect([clock(107_900), clock(-5), clock(183_845_000)]).toEqual(["00:01:47", "00:00:00", "2 d 03:04:05"]);
  });
});

test("ages count in whole seconds", () => {
  expect([wholeSeconds(400), wholeSeconds(14_900), wholeSeconds(131_000)]).toEqual(["0 s", "14 s", "2 min 11 s"]);
});

test("how long ago is said roughly", () => {
  expect([1000, 12_000, 130_000, 7_300_000, 200_000_000].map(ago)).toEqual([
    "just now",
    "12 s ago",
    "2 min ago",
    "2 h ago",
    "2 d ago",
  ]);
});

test("times are local, and the full one has the zone", () => {
  const moment = new Date(2026, 2, 2, 12, 4, 31, 42);
  expect([timeOfDay(moment.getTime()), timeOfDay(moment.toISOString(), 3)]).toEqual(["12:04:31", "12:04:31.042"]);
  expect(fullTime(moment.getTime())).toMatch(/^2026-03-02 12:04:31\.042 [+−]\d\d:\d\d$/);
  expect([timeOfDay("nonsense"), fullTime("nonsense")]).toEqual(["–", "–"]);
});

test("words become a sentence", () => {
  expect(["the job is running", "Done.", "", "postgresql://host/db is away"].map(asSentence)).toEqual([
    "The job is running.",
    "Done.",
    "",
    "postgresql://host/db is away.",
  ]);
});

test("the date is told of a time that is not of today", () => {
  const noon = new Date(2026, 2, 2, 12, 4, 31).getTime();
  expect([dayAndTime(noon, noon + 1000), dayAndTime(noon, noon + 86_400_000)]).toEqual([
    "12:04:31",
    "2026-03-02 12:04:31",
  ]);
});
