import { expect, test } from "vitest";

import { CENSUS, flowOf } from "./flow.fixture.ts";
import { structureOf } from "./structure.ts";

const kinds = (connections: string[], entry = ""): { [id: string]: string } =>
  Object.fromEntries(structureOf(flowOf(connections, [], entry)).connections.map(({ id, kind }) => [id, kind]));

test("routines are read in topological order, ties in the order of the definition", () => {
  const ids = structureOf(CENSUS).routines.map(({ id }) => id);
  expect(ids).toEqual(["walker", "reader", "parser", "complexity", "imports", "triage", "ranking"]);
});

test("a connection that closes a circle leads back, the one from the entry does not", () => {
  expect(kinds(["b.again -> a.in", "a.out -> b.in"], "a")).toEqual({
    "b.again->a.in": "back",
    "a.out->b.in": "forward",
  });
});

test("a circle without an entry begins at the routine that was added first", () => {
  expect(kinds(["a.out -> b.in", "b.out -> c.in", "c.out -> a.in"])["c.out->a.in"]).toBe("back");
});

test("a connection from a routine to itself is a self-loop, and no circle", () => {
  expect(kinds(["a.more -> a.in", "a.out -> b.in"])).toEqual({ "a.more->a.in": "self", "a.out->b.in": "forward" });
});

test("connections between the same event and slot are told apart", () => {
  const { connections } = structureOf(flowOf(["a.out -> b.in", "a.out -> b.in", "a.out -> b.other"]));
  expect(connections.map(({ repeat }) => repeat)).toEqual([0, 1, 0]);
});

test("a connection to a routine that the flow does not have is left out", () => {
  const flow = flowOf(["a.out -> b.in"]);
  flow.routines.pop();
  expect(structureOf(flow).connections).toEqual([]);
});

test("a chain of 20,000 routines is walked without running out of stack", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => `r${i}.out -> r${i + 1}.in`);
  expect(structureOf(flowOf(chain)).routines).toHaveLength(20_001);
});
