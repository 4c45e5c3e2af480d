import { describe, expect, test } from "vitest";

import {
  type Extent,
  MAX_HEIGHT,
  maxOffset,
  offsetAt,
  revealing,
  rowsAt,
  scale,
  scrollTopAt,
  spacerHeight,
} from "./windowing.ts";

const short: Extent = { rows: 1000, rowHeight: 28, viewport: 280 };
const long: Extent = { rows: 1_000_000, rowHeight: 28, viewport: 280 };

describe("a list that fits under the cap", () => {
  test("scrolls pixel by pixel", () => {
    expect([spacerHeight(short), scale(short), offsetAt(500, short), scrollTopAt(500, short)]).toEqual([
      28_000, 1, 500, 500,
    ]);
  });

  test("draws the rows in sight and some around them", () => {
    expect(rowsAt(0, short, 6)).toEqual({ first: 0, end: 16 });
    expect(rowsAt(1400, short, 6)).toEqual({ first: 44, end: 66 });
    expect(rowsAt(maxOffset(short), short, 6)).toEqual({ first: 984, end: 1000 });
  });

  test("that is shorter than its viewport does not scroll", () => {
    const few = { rows: 3, rowHeight: 28, viewport: 280 };
    expect([maxOffset(few), scale(few), offsetAt(50, few)]).toEqual([0, 1, 0]);
    expect(rowsAt(0, few, 6)).toEqual({ first: 0, end: 3 });
  });
});

describe("a list of a million rows", () => {
  test("makes no element higher than the cap, and still reaches its last row", () => {
    expect(spacerHeight(long)).toBe(MAX_HEIGHT);
    const bottom = MAX_HEIGHT - long.viewport;
    expect(offsetAt(bottom, long)).toBe(maxOffset(long));
    expect(rowsAt(offsetAt(bottom, long), long, 0)).toEqual({ first: 999_990, end: 1_000_000 });
  });

  test("finds back from any offset to the place of the bar", () => {
    for (const offset of [0, 1, 12_345_678, maxOffset(long)]) {
      expect(offsetAt(scrollTopAt(offset, long), long)).toBeCloseTo(offset, 3);
    }
  });
});

test("a row is revealed by moving no further than needed", () => {
  expect(revealing(20, 280, short)).toBe(308);
  expect(revealing(5, 280, short)).toBe(140);
  expect(revealing(12, 280, short)).toBe(280);
});
