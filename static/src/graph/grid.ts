// Where routines go when they cannot be laid out: a plain grid in reading order, so that the graph is never blank.
import { CARD_HEIGHT, cardHeight } from "./card-size.ts";
import type { Placement } from "./placement.ts";
import type { Structure } from "./structure.ts";

const ROW_GAP = 48;

/** A grid that is about as wide as it is high on the screen. */
export function grid(structure: Structure): Placement {
  const rows = Math.max(1, Math.ceil(Math.sqrt(structure.routines.length)));
  const pitch = Math.max(CARD_HEIGHT, ...structure.routines.map(cardHeight)) + ROW_GAP;
  const routines = new Map(
    structure.routines.map(({ id }, i) => [id, { column: Math.floor(i / rows), y: (i % rows) * pitch }]),
  );
  return { routines, passes: new Map() };
}
