// What a connection looks like for what it carries. Pure.
import type { ConnectionFigures } from "../live/protocol.ts";
import type { ConnectionKind } from "./structure.ts";

export type Tone = "idle" | "busy" | "error" | "lit";

/** `width` in px at zoom 1. */
export interface Look {
  tone: Tone;
  width: number;
  dashed: boolean;
}

/** Events so named carry what went wrong. */
const CARRIES_ERRORS = /error|reject|fail/i;

export function carriesErrors(event: string): boolean {
  return CARRIES_ERRORS.test(event);
}

/** The look of a connection of `kind` that leaves `event`; `lit` when it is selected or pointed at. */
export function lookOf(
  figures: ConnectionFigures | undefined,
  event: string,
  kind: ConnectionKind,
  lit: boolean,
): Look {
  const count = figures?.count ?? 0;
  const width = widthOf(count) + (lit ? 0.75 : 0);
  return { tone: lit ? "lit" : toneOf(figures, event), width, dashed: kind === "back" };
}

export function sameLook(a: Look, b: Look): boolean {
  return a.tone === b.tone && a.width === b.width && a.dashed === b.dashed;
}

function toneOf(figures: ConnectionFigures | undefined, event: string): Tone {
  if (!figures?.count) return "idle";
  if (carriesErrors(event)) return "error";
  return figures.rate > 0 ? "busy" : "idle";
}

/** By the order of magnitude of the traffic, 1.25 to 3.5 px, in quarters so that it seldom changes. */
function widthOf(count: number): number {
  return Math.min(3.5, Math.round((1.25 + 0.52 * Math.log10(1 + count)) * 4) / 4);
}
