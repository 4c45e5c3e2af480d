import { expect, test, vi } from "vitest";

import { Gestures, wheelFactor } from "./gestures.ts";

function stage() {
  const element = document.createElement("div");
  const card = document.createElement("button");
  element.append(card);
  element.setPointerCapture = () => {};
  document.body.replaceChildren(element);
  const handlers = { move: vi.fn(), zoom: vi.fn(), rest: vi.fn() };
  const clicked = vi.fn();
  const listening = new AbortController();
  new Gestures(element, handlers, listening.signal);
  element.addEventListener("click", clicked);
  const pointer = (type: string, x: number, y: number, id = 1): void => {
    const event = new MouseEvent(type, { bubbles: true, clientX: x, clientY: y, button: 0 });
    card.dispatchEvent(Object.assign(event, { pointerId: id, pointerType: "mouse" }));
  };
  return { card, handlers, clicked, pointer, listening };
}

test("a press that hardly moves is a click", () => {
  const { card, handlers, clicked, pointer } = stage();
  pointer("pointerdown", 10, 10);
  pointer("pointermove", 12, 11);
  pointer("pointerup", 12, 11);
  card.click();
  expect(handlers.move).not.toHaveBeenCalled();
  expect(clicked).toHaveBeenCalledOnce();
});

test("a drag that began on a card moves the graph and is no click", () => {
  const { card, handlers, clicked, pointer } = stage();
  pointer("pointerdown", 10, 10);
  pointer("pointermove", 40, 30);
  pointer("pointerup", 40, 30);
  card.click();
  expect(handlers.move).toHaveBeenCalledWith(30, 20);
  expect(handlers.rest).toHaveBeenCalledOnce();
  expect(clicked).not.toHaveBeenCalled();
});

test("two fingers that part zoom in between them", () => {
  const { handlers, pointer } = stage();
  pointer("pointerdown", 100, 100, 1);
  pointer("pointerdown", 200, 100, 2);
  pointer("pointermove", 300, 100, 2);
  expect(handlers.zoom).toHaveBeenCalledWith(2, 200, 100);
});

test("a wheel zooms by steps, a trackpad's pinch by less for each of its many", () => {
  expect(wheelFactor(-100, false)).toBeCloseTo(1.197, 2);
  expect(wheelFactor(100, false) * wheelFactor(-100, false)).toBeCloseTo(1);
  expect(wheelFactor(-4, true)).toBeCloseTo(1.04, 2);
  expect(wheelFactor(-10_000, false)).toBeLessThan(1.3);
});

test("nothing is heard after the end", () => {
  const { handlers, pointer, listening } = stage();
  listening.abort();
  pointer("pointerdown", 10, 10);
  pointer("pointermove", 90, 90);
  expect(handlers.move).not.toHaveBeenCalled();
});
