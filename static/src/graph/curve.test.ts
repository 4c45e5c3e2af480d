import { expect, test } from "vitest";

import { CurvePen, distanceSquared, trackOf } from "./curve.ts";

test("a track follows its curve from end to end in equal steps", () => {
  const track = trackOf(new CurvePen(0, 0).sway(100, 60).line(300, 60).curve);
  const last = track.xs.length - 1;
  expect([track.xs[0], track.ys[0], track.xs[last], track.ys[last]]).toEqual([0, 0, 300, 60]);
  for (let i = 1; i <= last; i++) {
    const step = Math.hypot(track.xs[i]! - track.xs[i - 1]!, track.ys[i]! - track.ys[i - 1]!);
    expect(step).toBeGreaterThan(track.spacing * 0.9);
    expect(step).toBeLessThan(track.spacing * 1.1);
  }
});

test("a turn comes back to the side that it left", () => {
  const track = trackOf(new CurvePen(0, 0).turn(40, 26).curve);
  expect(Math.max(...track.xs)).toBeCloseTo(26, 0);
  expect(track.xs.at(-1)).toBe(0);
});

test("a curve without length is still a track", () => {
  expect(trackOf([5, 5, 5, 5, 5, 5, 5, 5]).xs).toHaveLength(2);
});

test("the distance to a track is that to its nearest point", () => {
  const track = trackOf(new CurvePen(0, 0).line(100, 0).curve);
  expect(distanceSquared(track, 48, 6)).toBeCloseTo(36, 0);
});
