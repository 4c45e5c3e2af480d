// Draws the dots that travel along the connections.
import type { Track } from "./curve.ts";
import type { Pulse } from "./pulses.ts";
import { Surface } from "./surface.ts";
import type { View } from "./viewport.ts";

/** A dot's tail: so many pieces, each so many px of the graph long. */
const TAIL = { pieces: 4, px: 5 };

export class PulseCanvas {
  readonly surface = new Surface("graph-pulses");

  /** Draws `pulses` as they are at `now`; `colourOf` says which colour those of a route have. */
  draw(view: View, pulses: readonly Pulse[], now: number, tracks: Track[], colourOf: (route: number) => string): void {
    const context = this.surface.begin();
    if (!context) return;
    const radius = Math.max(1.6, Math.min(3.4, 3 * view.scale));
    context.lineCap = "round";
    for (const { route, start, end } of pulses) {
      const track = tracks[route];
      if (!track || start > now) continue;
      context.fillStyle = context.strokeStyle = colourOf(route);
      drawPulse(context, view, track, (now - start) / (end - start), radius);
    }
  }

  clear(): void {
    this.surface.begin();
  }
}

function drawPulse(context: CanvasRenderingContext2D, view: View, track: Track, part: number, radius: number): void {
  const at = part * track.length;
  const [x, y] = pointAt(view, track, at);
  if (x < -20 || y < -20 || x > context.canvas.width + 20 || y > context.canvas.height + 20) return;
  const fade = Math.min(1, part * 8, (1 - part) * 8);
  drawTail(context, view, track, at, radius, fade);
  context.globalAlpha = fade;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function drawTail(
  context: CanvasRenderingContext2D,
  view: View,
  track: Track,
  at: number,
  radius: number,
  fade: number,
): void {
  for (let piece = TAIL.pieces; piece > 0 && view.scale > 0.3; piece--) {
    const from = at - piece * TAIL.px;
    if (from < 0) continue;
    context.globalAlpha = fade * 0.42 * (1 - piece / (TAIL.pieces + 1));
    context.lineWidth = radius * 1.7 * (1 - piece / (TAIL.pieces + 2));
    context.beginPath();
    context.moveTo(...pointAt(view, track, from));
    context.lineTo(...pointAt(view, track, from + TAIL.px));
    context.stroke();
  }
}

function pointAt(view: View, track: Track, distance: number): [number, number] {
  const exact = Math.max(0, Math.min(track.xs.length - 1.001, distance / track.spacing));
  const i = Math.floor(exact);
  const rest = exact - i;
  const x = track.xs[i]! + (track.xs[i + 1]! - track.xs[i]!) * rest;
  const y = track.ys[i]! + (track.ys[i + 1]! - track.ys[i]!) * rest;
  return [view.x + x * view.scale, view.y + y * view.scale];
}
