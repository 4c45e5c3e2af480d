import { expect, test } from "vitest";

import { MOST_ALIVE, MOST_AT_ONCE, Pulses } from "./pulses.ts";

test("a dot for each message, spread over the time until the next frame", () => {
  const pulses = new Pulses();
  pulses.emit(0, 100, 1, 3, 1000, 300);
  expect(pulses.at(1000).map(({ start }) => start)).toEqual([1000, 1100, 1200]);
});

test("of many messages at once only a few are shown", () => {
  const pulses = new Pulses();
  pulses.emit(0, 100, 1, 5000, 0, 1000);
  expect(pulses.size).toBe(MOST_AT_ONCE);
});

test("dots of a busy connection keep apart, and none starts after its time", () => {
  const pulses = new Pulses();
  for (let frame = 0; frame < 20; frame++) pulses.emit(0, 100, 1, 50, frame * 50, 50);
  const starts = pulses.at(0).map(({ start }) => start);
  starts.slice(1).forEach((start, i) => expect(start - starts[i]!).toBeGreaterThanOrEqual(70));
  expect(Math.max(...starts)).toBeLessThanOrEqual(1000);
});

test("from far away, where a connection is short on the screen, it has fewer dots", () => {
  const [near, far] = [new Pulses(), new Pulses()];
  for (let frame = 0; frame < 20; frame++) {
    near.emit(0, 100, 1, 5, frame * 50, 50);
    far.emit(0, 100, 0.2, 5, frame * 50, 50);
  }
  expect(far.size).toBeLessThan(near.size / 2);
});

test("never more dots than the bound, however many connections emit", () => {
  const pulses = new Pulses();
  for (let route = 0; route < 1000; route++) pulses.emit(route, 4000, 1, 10, 0, 500);
  expect(pulses.size).toBe(MOST_ALIVE);
});

test("dots that have arrived are forgotten, and so are all when they are cleared", () => {
  const pulses = new Pulses();
  pulses.emit(0, 100, 1, 1, 0, 50);
  expect(pulses.at(10_000)).toEqual([]);
  pulses.emit(0, 100, 1, 1, 10_000, 50);
  pulses.clear();
  expect(pulses.size).toBe(0);
});
