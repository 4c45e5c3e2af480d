import { expect, test } from "vitest";

import { trackOf } from "./curve.ts";
import { CENSUS, flowOf } from "./flow.fixture.ts";
import { layOut } from "./lay-out.ts";
import type { Layout, RoutineBox } from "./layout.ts";

const LOOPS = flowOf(
  [
    "draft.text -> check.text",
    "check.revise -> draft.again",
    "check.ok -> review.text",
    "review.rework -> draft.again",
    "review.done -> publish.text",
    "publish.done -> audit.event",
    "publish.done -> audit.event",
    "draft.text -> audit.event",
    "check.retry -> check.text",
  ],
  ["alone"],
  "draft",
);

const boxOf = (layout: Layout, id: string): RoutineBox => layout.routines.find((box) => box.id === id)!;

/** Points of a connection that lie inside a card, a little away from its edge. */
function pointsBehindCards(layout: Layout): string[] {
  return layout.connections.flatMap(({ id, curve }) => {
    const { xs, ys } = trackOf(curve);
    return layout.routines.flatMap((box) =>
      [...xs].flatMap((x, i) => {
        const y = ys[i]!;
        const behind = x > box.x + 2 && x < box.x + box.width - 2 && y > box.y + 2 && y < box.y + box.height - 2;
        return behind ? [`${id} behind ${box.id}`] : [];
      }),
    );
  });
}

test.each([
  ["census", CENSUS],
  ["loops", LOOPS],
])("no connection of the %s runs behind a card, and no two cards overlap", (_, flow) => {
  const layout = layOut(flow);
  expect(new Set(pointsBehindCards(layout))).toEqual(new Set());
  for (const a of layout.routines) {
    for (const b of layout.routines) {
      const apart = a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
      expect(a === b || apart, `${a.id} and ${b.id}`).toBe(true);
    }
  }
});

test("connections go from the event's port to the slot's port", () => {
  const layout = layOut(CENSUS);
  const [parser, ranking] = [boxOf(layout, "parser"), boxOf(layout, "ranking")];
  const { curve } = layout.connections.find(({ id }) => id === "parser.rejected->ranking.rejected")!;
  const event = parser.events.find(({ name }) => name === "rejected")!;
  const slot = ranking.slots.find(({ name }) => name === "rejected")!;
  expect(curve.slice(0, 2)).toEqual([parser.x + parser.width, parser.y + event.offset]);
  expect(curve.slice(-2)).toEqual([ranking.x, ranking.y + slot.offset]);
});

test("the flow runs from left to right, and everything lies within the layout's size", () => {
  const layout = layOut(LOOPS);
  const x = (id: string): number => boxOf(layout, id).x;
  expect([x("draft"), x("check"), x("review"), x("publish"), x("audit")]).toEqual(
    [x("draft"), x("check"), x("review"), x("publish"), x("audit")].sort((a, b) => a - b),
  );
  for (const { curve } of layout.connections) {
    curve.forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(i % 2 ? layout.height : layout.width);
    });
  }
});

test("the second connection between the same ports does not hide the first", () => {
  const [first, second] = layOut(flowOf(["a.out -> b.in", "a.out -> b.in"])).connections;
  expect(first!.curve).not.toEqual(second!.curve);
});

test("the same flow is always laid out in the same way", () => {
  expect(layOut(LOOPS)).toEqual(layOut(structuredClone(LOOPS)));
});

test("ports stand in the order of what they lead to, so that connections do not cross", () => {
  const layout = layOut(flowOf(["a.down -> low.in", "a.up -> high.in", "high.out -> end.in", "low.out -> end.in"]));
  const higherFirst = boxOf(layout, "high").y < boxOf(layout, "low").y ? ["up", "down"] : ["down", "up"];
  expect(boxOf(layout, "a").events.map(({ name }) => name)).toEqual(higherFirst);
});

test("a card grows with its ports", () => {
  const many = Array.from({ length: 12 }, (_, i) => `a.out -> b.slot${i}`);
  const layout = layOut(flowOf(many));
  expect(boxOf(layout, "a").height).toBe(104);
  expect(boxOf(layout, "b").height).toBeGreaterThan(200);
});

test("counts stand over no card and over no other count", () => {
  const layout = layOut(CENSUS);
  const labels = layout.connections.map(({ label }) => label);
  for (const { x, y } of labels) {
    for (const box of layout.routines) {
      const over = x > box.x - 20 && x < box.x + box.width + 20 && y > box.y - 6 && y < box.y + box.height + 6;
      expect(over).toBe(false);
    }
  }
  for (const a of labels) {
    for (const b of labels) expect(a === b || Math.abs(a.x - b.x) > 40 || Math.abs(a.y - b.y) > 14).toBe(true);
  }
});

test("an empty flow and a routine alone can be laid out", () => {
  expect(layOut(flowOf([]))).toMatchObject({ routines: [], connections: [], width: 0, height: 0 });
  expect(layOut(flowOf([], ["alone"])).routines).toHaveLength(1);
});
