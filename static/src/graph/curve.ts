// Curves made of cubic Béziers, and tracks: the same curve as points at equal distances, for whatever moves along it.

/** Flat numbers: x, y of the start, then for each piece the two control points and the end (6 numbers). */
export type Curve = number[];

/** Points `spacing` apart along a curve of `length`. */
export interface Track {
  xs: Float32Array;
  ys: Float32Array;
  spacing: number;
  length: number;
}

/** Draws a curve piece by piece; every method goes on from where the last one ended. */
export class CurvePen {
  readonly curve: Curve;
  private x: number;
  private y: number;

  constructor(x: number, y: number) {
    this.curve = [x, y];
    this.x = x;
    this.y = y;
  }

  /** An S to `x`, `y` (to either side) that leaves and arrives level; `bow` bends it away from its twin. */
  sway(x: number, y: number, bow = 0): this {
    const reach = (x - this.x) / 2;
    return this.to(this.x + reach, this.y + bow, x - reach, y + bow, x, y);
  }

  line(x: number, y: number): this {
    const third = (x - this.x) / 3;
    return this.to(this.x + third, this.y, x - third, y, x, y);
  }

  /** Half an ellipse to the height `y`, bulging `bulge` to the right (to the left when negative). */
  turn(y: number, bulge: number): this {
    const reach = (bulge * 4) / 3;
    return this.to(this.x + reach, this.y, this.x + reach, y, this.x, y);
  }

  private to(c1x: number, c1y: number, c2x: number, c2y: number, x: number, y: number): this {
    this.curve.push(c1x, c1y, c2x, c2y, x, y);
    this.x = x;
    this.y = y;
    return this;
  }
}

/** `curve` as points about `spacing` apart (at least two). */
export function trackOf(curve: Curve, spacing = 4): Track {
  const fine = finePoints(curve);
  const along = new Float64Array(fine.length / 2);
  for (let i = 1; i < along.length; i++) {
    const dx = fine[2 * i]! - fine[2 * i - 2]!;
    const dy = fine[2 * i + 1]! - fine[2 * i - 1]!;
    along[i] = along[i - 1]! + Math.hypot(dx, dy);
  }
  return evenly(fine, along, spacing);
}

const FINE_STEPS = 24;

function finePoints(curve: Curve): number[] {
  const points = [curve[0]!, curve[1]!];
  for (let i = 2; i + 5 < curve.length; i += 6) {
    const [x0, y0] = [curve[i - 2]!, curve[i - 1]!];
    const [x1, y1, x2, y2, x3, y3] = curve.slice(i, i + 6) as [number, number, number, number, number, number];
    for (let step = 1; step <= FINE_STEPS; step++) {
      const t = step / FINE_STEPS;
      const u = 1 - t;
      const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
      points.push(a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3);
    }
  }
  return points;
}

function evenly(fine: number[], along: Float64Array, spacing: number): Track {
  const length = along[along.length - 1] ?? 0;
  const pieces = Math.max(1, Math.round(length / spacing));
  const xs = new Float32Array(pieces + 1);
  const ys = new Float32Array(pieces + 1);
  for (let i = 0, at = 0; i <= pieces; i++) {
    const target = (length * i) / pieces;
    while (at < along.length - 2 && along[at + 1]! < target) at++;
    const span = along[at + 1]! - along[at]! || 1;
    const part = Math.min(1, (target - along[at]!) / span);
    xs[i] = fine[2 * at]! + (fine[2 * at + 2]! - fine[2 * at]!) * part;
    ys[i] = fine[2 * at + 1]! + (fine[2 * at + 3]! - fine[2 * at + 1]!) * part;
  }
  return { xs, ys, spacing: length / pieces, length };
}

/** The square of the distance from a point to the nearest point of `track`. */
export function distanceSquared(track: Track, x: number, y: number): number {
  let nearest = Infinity;
  for (let i = 0; i < track.xs.length; i++) {
    const dx = track.xs[i]! - x;
    const dy = track.ys[i]! - y;
    nearest = Math.min(nearest, dx * dx + dy * dy);
  }
  return nearest;
}
