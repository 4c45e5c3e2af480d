import { expect, test } from "vitest";

import { between, centred, fit, moved, revealing, seen, zoomed } from "./viewport.ts";

const ROOM = { width: 1000, height: 500 };

test("fitting shows all of the graph in the middle", () => {
  const view = fit({ width: 2000, height: 600 }, ROOM);
  const all = seen(view, ROOM);
  expect(all.x).toBeLessThan(0);
  expect(all.x + all.width).toBeGreaterThan(2000);
  expect(all.y + all.height / 2).toBeCloseTo(300);
});

test("fitting a small graph does not blow it up", () => {
  expect(fit({ width: 200, height: 100 }, ROOM).scale).toBeLessThan(1.2);
});

test("the point under the cursor stays there while zooming", () => {
  const before = { x: 40, y: -30, scale: 0.8 };
  const after = zoomed(before, 1.5, 300, 200);
  const at = ({ x, y, scale }: typeof before): [number, number] => [(300 - x) / scale, (200 - y) / scale];
  expect(at(after)[0]).toBeCloseTo(at(before)[0]);
  expect(at(after)[1]).toBeCloseTo(at(before)[1]);
});

test("zooming ends at bounds", () => {
  let view = { x: 0, y: 0, scale: 1 };
  for (let i = 0; i < 100; i++) view = zoomed(view, 2, 0, 0);
  expect(view.scale).toBeLessThan(4);
  for (let i = 0; i < 100; i++) view = zoomed(view, 0.5, 0, 0);
  expect(view.scale).toBeGreaterThan(0.001);
});

test("what is in sight is not moved to reveal it, what is not is", () => {
  const view = { x: 0, y: 0, scale: 1 };
  const near = { x: 10, y: 10, width: 100, height: 100 };
  const far = { x: 1500, y: 10, width: 100, height: 100 };
  expect(revealing(view, near, ROOM)).toBe(view);
  const revealed = seen(revealing(view, far, ROOM), ROOM);
  expect(revealed.x + revealed.width).toBeGreaterThan(1600);
});

test("a rectangle is centred at the scale that is asked for", () => {
  const view = centred({ x: 100, y: 100, width: 200, height: 100 }, ROOM, 2);
  expect(seen(view, ROOM)).toEqual({ x: -50, y: 25, width: 500, height: 250 });
});

test("a flight begins at one view and ends at the other", () => {
  const [a, b] = [{ x: 0, y: 0, scale: 0.5 }, moved({ x: 0, y: 0, scale: 2 }, -300, 40)];
  expect(between(a, b, 0)).toEqual(a);
  const end = between(a, b, 1);
  expect([end.x, end.y, end.scale].map(Math.round)).toEqual([-300, 40, 2]);
});
