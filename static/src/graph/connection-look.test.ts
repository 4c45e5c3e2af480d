import { expect, test } from "vitest";

import { errorsOf, isForErrors, lookOf } from "./connection-look.ts";
import { figures } from "./flow.fixture.ts";

test("a connection grows wider with its traffic, up to a bound", () => {
  const width = (count: number): number => lookOf({ count, rate: 0 }, 0, "forward", false).width;
  const widths = [0, 10, 1000, 100_000, 1e9].map(width);
  expect(widths).toEqual([...widths].sort((a, b) => a - b));
  expect(width(1e9)).toBe(3.5);
});

test("an event is for errors when its name says so, as a word", () => {
  expect(["rejected", "parse_error", "onFailed", "dead-letter.failures"].map(isForErrors)).not.toContain(false);
  expect(["tree", "failover", "terror", "errorless", "fail_safe"].map(isForErrors)).not.toContain(true);
});

test("a connection is red only where it carried something and errors were counted", () => {
  const tone = (count: number, errors: number) => lookOf({ count, rate: 0 }, errors, "forward", false).tone;
  expect([tone(0, 1), tone(1, 0), tone(1, 1)]).toEqual(["idle", "idle", "error"]);
  const routine = (id: string) => (id === "parser" ? figures({ errors: 6 }) : undefined);
  const job = { routine, connection: () => undefined, now: () => 0 };
  const of = (source: string, event: string) => errorsOf(job, { source, event });
  expect([of("parser", "rejected"), of("parser", "tree"), of("reader", "rejected")]).toEqual([6, 0, 0]);
});

test("traffic makes a connection busy, selection lights it, and what leads back is dashed", () => {
  expect(lookOf({ count: 9, rate: 2 }, 0, "forward", false).tone).toBe("busy");
  expect(lookOf({ count: 9, rate: 2 }, 0, "forward", true).tone).toBe("lit");
  expect(lookOf(undefined, 0, "back", false)).toEqual({ tone: "idle", width: 1.25, dashed: true });
});
