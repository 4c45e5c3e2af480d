// Where the count of each connection is written: beside or on its line, over no card, name or other count. Pure.
import type { Track } from "./curve.ts";

interface Point {
  x: number;
  y: number;
}

/** The centre of a label; `beside`: next to the line, not on it. */
export interface LabelPlace extends Point {
  beside: boolean;
}

/** A rectangle by its upper left corner. */
export interface Box extends Point {
  width: number;
  height: number;
}

/** Room for "999,999" at the label's size. */
const LABEL = { width: 46, height: 17 };

/** Along the line: the middle first, then further towards the ends. */
const ALONG = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82];

/** On a level line the label stands below, so that the line stays visible; the names of the ports stand above. */
const BESIDE = 12;
const LEVEL = 0.4;

/** The centres of the labels of `tracks`, in their order, over none of `obstacles`; else the middle of the line. */
export function labelPlaces(tracks: Track[], obstacles: Box[]): LabelPlace[] {
  const taken = new Boxes();
  for (const obstacle of obstacles) taken.add(obstacle);
  return tracks.map((track) => {
    const candidates = candidatesOf(track);
    const place = candidates.find((point) => taken.free(around(point))) ?? candidates[0]!;
    taken.add(around(place));
    return place;
  });
}

function candidatesOf(track: Track): LabelPlace[] {
  const last = track.xs.length - 1;
  return ALONG.flatMap((part): LabelPlace[] => {
    const i = Math.round(part * last);
    const [before, after] = [Math.max(0, i - 3), Math.min(last, i + 3)];
    const slope =
      Math.abs(track.ys[after]! - track.ys[before]!) / (Math.abs(track.xs[after]! - track.xs[before]!) || 1);
    const [x, y] = [track.xs[i]!, track.ys[i]!];
    const beside = slope < LEVEL;
    return beside ? [BESIDE, -BESIDE].map((away) => ({ x, y: y + away, beside })) : [{ x, y, beside }];
  });
}

function around({ x, y }: Point): Box {
  return { x: x - LABEL.width / 2, y: y - LABEL.height / 2, ...LABEL };
}

/** Rectangles by the cells of a coarse grid that they touch, so that asking stays cheap in a large graph. */
class Boxes {
  private readonly cells = new Map<string, Box[]>();

  add(box: Box): void {
    for (const cell of cellsOf(box)) {
      const boxes = this.cells.get(cell);
      if (boxes) boxes.push(box);
      else this.cells.set(cell, [box]);
    }
  }

  free(box: Box): boolean {
    return cellsOf(box).every((cell) => !(this.cells.get(cell) ?? []).some((other) => overlap(box, other)));
  }
}

const CELL = 256;

function cellsOf({ x, y, width, height }: Box): string[] {
  const cells: string[] = [];
  for (let column = Math.floor(x / CELL); column <= Math.floor((x + width) / CELL); column++) {
    for (let row = Math.floor(y / CELL); row <= Math.floor((y + height) / CELL); row++) cells.push(`${column} ${row}`);
  }
  return cells;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
