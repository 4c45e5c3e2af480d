// A flow in, its layout out; what the worker runs, and the page itself where there are no workers.
import type { FlowDefinition } from "../live/protocol.ts";
import { grid } from "./grid.ts";
import { type Layout, arrange } from "./layout.ts";
import { place } from "./placement.ts";
import { structureOf } from "./structure.ts";

/** The layout of `flow`. When that fails, a grid: the graph is never blank. */
export function layOut(flow: FlowDefinition): Layout {
  const structure = structureOf(flow);
  try {
    return arrange(structure, place(structure));
  } catch (error) {
    console.warn("The flow could not be laid out; it is shown as a grid.", error);
    return arrange(structure, grid(structure));
  }
}
