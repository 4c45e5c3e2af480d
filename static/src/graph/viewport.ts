// Which part of the graph is seen and how large. Pure: every function takes a view and gives another.

/** A point of the graph is on the screen at `x + scale * its x`, `y + scale * its y`, in CSS px of the stage. */
export interface View {
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

export const CLOSEST = 2.5;
const FARTHEST = 0.01;

/** Fitting never enlarges by more than this: a flow of two routines is not a poster. */
const FIT_UP_TO = 1.1;

/** The view in which all of a graph of size `content` is in the middle of `room`, with a margin around it. */
export function fit(content: Size, room: Size): View {
  const margin = clamp(room.width / 60, 8, 28);
  const across = (room.width - 2 * margin) / (content.width || 1);
  const down = (room.height - 2 * margin) / (content.height || 1);
  const scale = clamp(Math.min(across, down), FARTHEST, FIT_UP_TO);
  return { x: (room.width - content.width * scale) / 2, y: (room.height - content.height * scale) / 2, scale };
}

/** Zooms by `factor`; the point of the graph under `x`, `y` of the screen stays there. */
export function zoomed(view: View, factor: number, x: number, y: number): View {
  const scale = clamp(view.scale * factor, FARTHEST, CLOSEST);
  const by = scale / view.scale;
  return { x: x - (x - view.x) * by, y: y - (y - view.y) * by, scale };
}

export function moved(view: View, dx: number, dy: number): View {
  return { x: view.x + dx, y: view.y + dy, scale: view.scale };
}

/** The view at `scale` in which `rect` of the graph is in the middle of `room`. */
export function centred(rect: Rect, room: Size, scale: number): View {
  const x = room.width / 2 - (rect.x + rect.width / 2) * scale;
  return { x, y: room.height / 2 - (rect.y + rect.height / 2) * scale, scale };
}

/** `view` itself when `rect` of the graph is inside `room`; else moved until it is, `margin` px from the edge. */
export function revealing(view: View, rect: Rect, room: Size, margin = 28): View {
  if (inside(rect, seen(view, room))) return view;
  const dx = shift(view.x + rect.x * view.scale, rect.width * view.scale, room.width, margin);
  const dy = shift(view.y + rect.y * view.scale, rect.height * view.scale, room.height, margin);
  return moved(view, dx, dy);
}

function shift(start: number, length: number, room: number, margin: number): number {
  if (start < margin || length > room - 2 * margin) return margin - start;
  return Math.min(0, room - margin - (start + length));
}

/** The part of the graph that is seen. */
export function seen(view: View, room: Size): Rect {
  const { scale } = view;
  return { x: -view.x / scale, y: -view.y / scale, width: room.width / scale, height: room.height / scale };
}

/** The view at part `t` (0 to 1) of the way from `a` to `b`; zooming at an even pace. */
export function between(a: View, b: View, t: number): View {
  const scale = a.scale * (b.scale / a.scale) ** t;
  const part = a.scale === b.scale ? t : (scale - a.scale) / (b.scale - a.scale);
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part, scale };
}

export function touches(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function inside(inner: Rect, outer: Rect): boolean {
  const [right, bottom] = [outer.x + outer.width, outer.y + outer.height];
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= right && inner.y + inner.height <= bottom;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
