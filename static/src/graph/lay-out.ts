// A flow in, its layout out; what the worker runs, and the page itself where there are no workers.
import type { FlowDefinition } from "../live/protocol.ts";
import { grid } from "./grid.ts";
import { type Layout, arrange } from "./layout.ts";
import { type Placement, place } from "./placement.ts";
import { type Structure, structureOf } from "./structure.ts";

/** The layout of `flow`. When dagre fails, a grid: the graph is never blank. */
export function layOut(flow: FlowDefinition): Layout {
  const structure = structureOf(flow);
  return arrange(structure, placementOf(structure));
}

function placementOf(structure: Structure): Placement {
  try {
    return place(structure);
  } catch (error) {
    console.warn("The flow could not be laid out; it is shown as a grid.", error);
    return grid(structure);
  }
}
