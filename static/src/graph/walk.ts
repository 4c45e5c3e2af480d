// Where an arrow key leads from a routine: along its connections, or to its neighbour in the same column. Pure.
import type { Layout, RoutineBox } from "./layout.ts";

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export function isArrow(key: string): key is Arrow {
  return key === "ArrowLeft" || key === "ArrowRight" || key === "ArrowUp" || key === "ArrowDown";
}

/** The routine that `arrow` leads to from `from`, or null. */
export function walk(layout: Layout | null, from: string, arrow: Arrow): string | null {
  if (!layout) return null;
  if (arrow === "ArrowRight" || arrow === "ArrowLeft") return along(layout, from, arrow);
  return besides(layout, from, arrow);
}

/** The highest of the routines at the other end of a connection. */
function along(layout: Layout, from: string, arrow: Arrow): string | null {
  const [near, far] = arrow === "ArrowRight" ? (["source", "target"] as const) : (["target", "source"] as const);
  const ends = layout.connections.filter((route) => route[near] === from && route.kind !== "self");
  const onward = ends.filter((route) => route.kind === "forward");
  const ids = new Set((onward.length ? onward : ends).map((route) => route[far]));
  return highest(layout.routines.filter((box) => ids.has(box.id)));
}

function besides(layout: Layout, from: string, arrow: Arrow): string | null {
  const here = layout.routines.find((box) => box.id === from);
  if (!here) return null;
  const column = layout.routines.filter((box) => box.column === here.column).sort((a, b) => a.y - b.y);
  return column[column.indexOf(here) + (arrow === "ArrowDown" ? 1 : -1)]?.id ?? null;
}

function highest(boxes: RoutineBox[]): string | null {
  return boxes.reduce<RoutineBox | null>((best, box) => (best && best.y <= box.y ? best : box), null)?.id ?? null;
}
