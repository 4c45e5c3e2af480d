// How large a routine's card is and where its ports are, in graph units (px at zoom 1).
import type { GraphRoutine } from "./structure.ts";

export const CARD_WIDTH = 196;
export const CARD_HEIGHT = 104;

/** Ports never come closer than this. */
const PORT_PITCH = 20;

/** Height of the card of `routine`: fixed, unless it has many ports. */
export function cardHeight(routine: GraphRoutine): number {
  const ports = Math.max(routine.slots.length, routine.events.length);
  return Math.max(CARD_HEIGHT, (ports + 1) * PORT_PITCH);
}

/** Distance of port `index` of `count` from the top of a card of `height`: spread evenly. */
export function portOffset(index: number, count: number, height: number): number {
  return (height * (index + 1)) / (count + 1);
}
