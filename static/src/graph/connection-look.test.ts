import { expect, test } from "vitest";

import { lookOf } from "./connection-look.ts";

test("a connection grows wider with its traffic, up to a bound", () => {
  const width = (count: number): number => lookOf({ count, rate: 0 }, "out", "forward", false).width;
  const widths = [0, 10, 1000, 100_000, 1e9].map(width);
  expect(widths).toEqual([...widths].sort((a, b) => a - b));
  expect(width(1e9)).toBe(3.5);
});

test("an event for errors is red only once it carried some", () => {
  expect(lookOf({ count: 0, rate: 0 }, "rejected", "forward", false).tone).toBe("idle");
  expect(lookOf({ count: 1, rate: 0 }, "rejected", "forward", false).tone).toBe("error");
  expect(lookOf({ count: 1, rate: 0 }, "tree", "forward", false).tone).toBe("idle");
});

test("traffic makes a connection busy, selection lights it, and what leads back is dashed", () => {
  expect(lookOf({ count: 9, rate: 2 }, "out", "forward", false).tone).toBe("busy");
  expect(lookOf({ count: 9, rate: 2 }, "out", "forward", true).tone).toBe("lit");
  expect(lookOf(undefined, "out", "back", false)).toEqual({ tone: "idle", width: 1.25, dashed: true });
});
