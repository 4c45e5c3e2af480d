import { expect, test } from "vitest";

import { isHollow, toneOf, traceShape } from "./status-shape.ts";

/** What is traced for a status, as the calls that do it. */
function traced(status: Parameters<typeof traceShape>[1]): string[] {
  const calls: string[] = [];
  const context = new Proxy({}, { get: (_, name) => () => void calls.push(String(name)) });
  traceShape(context as CanvasRenderingContext2D, status, 0, 0, 3);
  return calls;
}

test("a lost routine has the colour of a failed one, and a shape of its own", () => {
  expect([toneOf("lost"), toneOf("failed")]).toEqual(["failed", "failed"]);
  expect(traced("lost")).toEqual(traced("failed"));
  expect([isHollow("lost"), isHollow("failed")]).toEqual([true, false]);
});
