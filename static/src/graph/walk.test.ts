import { expect, test } from "vitest";

import { CENSUS, flowOf } from "./flow.fixture.ts";
import { layOut } from "./lay-out.ts";
import { walk } from "./walk.ts";

const census = layOut(CENSUS);

test("right and left follow the connections", () => {
  expect(walk(census, "walker", "ArrowRight")).toBe("reader");
  expect(walk(census, "reader", "ArrowLeft")).toBe("walker");
  expect(walk(census, "ranking", "ArrowRight")).toBe(null);
});

test("up and down go through a column, and stop at its ends", () => {
  const column = ["complexity", "imports", "triage"];
  const sorted = census.routines
    .filter(({ id }) => column.includes(id))
    .sort((a, b) => a.y - b.y)
    .map(({ id }) => id);
  expect(walk(census, sorted[0]!, "ArrowDown")).toBe(sorted[1]);
  expect(walk(census, sorted[2]!, "ArrowDown")).toBe(null);
  expect(walk(census, sorted[0]!, "ArrowUp")).toBe(null);
});

test("where nothing leads forward, a connection that leads back is followed", () => {
  const circle = layOut(flowOf(["a.out -> b.in", "b.again -> a.in"], [], "a"));
  expect(walk(circle, "b", "ArrowRight")).toBe("a");
});
