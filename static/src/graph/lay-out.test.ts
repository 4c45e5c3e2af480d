import { expect, test, vi } from "vitest";

import { CENSUS } from "./flow.fixture.ts";
import { layOut } from "./lay-out.ts";

vi.mock("./placement.ts", () => ({
  place: () => {
    throw new Error("no layout for this one");
  },
}));

test("a flow that cannot be laid out is shown as a grid, with all its connections", () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const layout = layOut(CENSUS);
  expect(layout.routines.map(({ id }) => id)).toHaveLength(CENSUS.routines.length);
  expect(new Set(layout.routines.map(({ x, y }) => `${x} ${y}`)).size).toBe(CENSUS.routines.length);
  expect(layout.connections.every(({ curve }) => curve.length > 2 && curve.every(Number.isFinite))).toBe(true);
  expect(warned).toHaveBeenCalledOnce();
});
