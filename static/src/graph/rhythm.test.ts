import { expect, test } from "vitest";

import { Rhythm } from "./rhythm.ts";

test("the time to the next frame follows the rhythm of the last ones, within bounds", () => {
  const rhythm = new Rhythm();
  for (let now = 1000; now < 20_000; now += 200) rhythm.beat(now);
  expect(rhythm.beat(20_000)).toBeCloseTo(200, 0);
  for (let i = 0; i < 30; i++) rhythm.beat(30_000 + i * 5000);
  expect(rhythm.beat(300_000)).toBeLessThanOrEqual(500);
});
