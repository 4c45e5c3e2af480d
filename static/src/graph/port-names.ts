// Where the names of slots and events stand: outside the card, beside the port, off the line that leaves it. Pure.
import type { Track } from "./curve.ts";
import type { Box } from "./label-places.ts";
import type { GraphConnection } from "./structure.ts";

export type PortKind = "slot" | "event";
/** Above or below the line; beside the port where there is none. */
export type NameSide = "above" | "below" | "beside";

export function portKey(kind: PortKind, routineId: string, name: string): string {
  return JSON.stringify([kind, routineId, name]);
}

/** A longer name is cut, until its card is pointed at; `.port-name` says the same. */
const WIDEST = 96;

/** About as wide as a name is drawn at most, px at zoom 1. */
export function nameWidth(name: string): number {
  return Math.min(WIDEST, name.length * 6.2 + 6);
}

/** The rectangle of the name of a port at `x`, `y`. */
export function nameBox(kind: PortKind, name: string, side: NameSide, x: number, y: number): Box {
  const width = nameWidth(name);
  const top = { above: -19, below: 3, beside: -8 }[side];
  return { x: kind === "slot" ? x - 6 - width : x + 6, y: y + top, width, height: 16 };
}

/** How far from the port a line shows where it is going. */
const LOOK_AHEAD = 36;

/** How much the lines of each port rise in the first px, by `portKey`; only ports with connections are there. */
export function risesOf(connections: GraphConnection[], tracks: Map<string, Track>): Map<string, number> {
  const rises = new Map<string, number>();
  const add = (key: string, rise: number): void => void rises.set(key, (rises.get(key) ?? 0) + rise);
  for (const { id, source, event, target, slot } of connections) {
    const { ys, spacing } = tracks.get(id)!;
    const last = ys.length - 1;
    const ahead = Math.min(last, Math.round(LOOK_AHEAD / spacing));
    add(portKey("event", source, event), ys[0]! - ys[ahead]!);
    add(portKey("slot", target, slot), ys[last]! - ys[last - ahead]!);
  }
  return rises;
}

/** Two names between the same two ports need so much room. */
const ROOM_FOR_TWO = 36;

/** The sides for the ports of one side of a card, top to bottom: below a line that rises, else above it. */
export function nameSides(ports: { offset: number; rise: number | undefined }[]): NameSide[] {
  const sides = ports.map(({ rise }): NameSide => (rise === undefined ? "beside" : rise > 3 ? "below" : "above"));
  const meet = (i: number): boolean =>
    sides[i - 1] === "below" && sides[i] === "above" && ports[i]!.offset - ports[i - 1]!.offset < ROOM_FOR_TWO;
  for (let i = 1; i < ports.length; i++) {
    if (!meet(i)) continue;
    if (Math.abs(ports[i]!.rise ?? 0) <= Math.abs(ports[i - 1]!.rise ?? 0)) sides[i] = "below";
    else for (let j = i; meet(j); j--) sides[j - 1] = "above";
  }
  return sides;
}
