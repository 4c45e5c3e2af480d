// The shape that stands for a status on a canvas, the same as in the styles: colour is never the only sign.
import type { RoutineFigures } from "../live/protocol.ts";
import type { StatusColours } from "./palette.ts";

export type RoutineStatus = RoutineFigures["status"];

/** The colour that a status is drawn with. */
export function toneOf(status: RoutineStatus): keyof StatusColours {
  if (status === "idle") return "pending";
  if (status === "lost") return "failed";
  return status === "retry" ? "paused" : status;
}

/** Adds the outline of the shape for `status` to the current path, centred at `x`, `y`, with radius `r`. */
export function traceShape(
  context: CanvasRenderingContext2D,
  status: RoutineStatus,
  x: number,
  y: number,
  r: number,
): void {
  if (status === "paused") context.rect(x - r, y - r, 2 * r, 2 * r);
  else if (status === "failed" || status === "lost")
    tracePoints(context, [x, y - r * 1.3, x + r * 1.3, y, x, y + r * 1.3, x - r * 1.3, y]);
  else if (status === "retry") tracePoints(context, [x, y - r, x + r, y + r, x - r, y + r]);
  else context.arc(x, y, r, 0, 2 * Math.PI);
}

/** Whether the shape of `status` is only a line. */
export function isHollow(status: RoutineStatus): boolean {
  return status === "pending" || status === "idle" || status === "cancelled" || status === "lost";
}

function tracePoints(context: CanvasRenderingContext2D, [x, y, ...rest]: number[]): void {
  context.moveTo(x!, y!);
  for (let i = 0; i < rest.length; i += 2) context.lineTo(rest[i]!, rest[i + 1]!);
  context.closePath();
}
