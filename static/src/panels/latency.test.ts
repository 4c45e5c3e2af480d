import { expect, test } from "vitest";

import { latencyPicture, latencySentence } from "./latency.ts";

test("bars stand in the order of their durations, the most frequent as high as the picture", () => {
  const { bars } = latencyPicture([
    [30, 5],
    [31, 20],
    [40, 1],
  ]);
  expect(bars.map(({ count }) => count)).toEqual([5, 20, 1]);
  expect(bars[1]!.height).toBe(1);
  expect(bars[1]!.from).toBeCloseTo(1.259, 2);
  expect(bars.map(({ x }) => x)).toEqual([...bars.map(({ x }) => x)].sort((a, b) => a - b));
});

test("a wide range is drawn with few bars, and none of its runs is lost", () => {
  const histogram = Array.from({ length: 90 }, (_, bucket): [number, number] => [bucket, 1]);
  const { bars } = latencyPicture(histogram);
  expect(bars.length).toBeLessThanOrEqual(36);
  expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(90);
});

test("a duration's mark stands in the bar that holds it", () => {
  const picture = latencyPicture([
    [20, 1],
    [30, 9],
    [44, 2],
  ]);
  const bar = picture.bars[1]!;
  const x = picture.at(1.1);
  expect(x).toBeGreaterThanOrEqual(bar.x);
  expect(x).toBeLessThanOrEqual(bar.x + bar.width);
});

test("the picture is told in a sentence, nothing too", () => {
  const picture = latencyPicture([[30, 1577]]);
  const sentence = latencySentence(picture, 1.1, 9.9, 188);
  expect(sentence).toContain("1,577 runs: half took at most 1.1 ms, 95 % at most 9.9 ms, the longest 188 ms");
  expect(sentence).toContain("most took 1 ms to 1.3 ms");
  expect(latencySentence(latencyPicture([]), null, null, null)).toBe("No handler run has ended yet.");
});
