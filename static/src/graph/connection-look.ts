// What a connection looks like for what it carries. Pure.
import type { ConnectionFigures } from "../live/protocol.ts";
import type { Figures } from "./figures.ts";
import type { ConnectionRoute } from "./layout.ts";
import type { ConnectionKind } from "./structure.ts";

export type Tone = "idle" | "busy" | "error" | "lit";

/** `width` in px at zoom 1. */
export interface Look {
  tone: Tone;
  width: number;
  dashed: boolean;
}

/** The words of which an event's name has one when the event is for what went wrong: "parse_failed", "rejected". */
const ERROR_WORDS = new Set(["error", "errors", "failed", "failure", "failures", "reject", "rejected", "rejects"]);

/** Whether an event is, by its name, for what went wrong. */
export function isForErrors(event: string): boolean {
  const words = event.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z]+/);
  return words.some((word) => ERROR_WORDS.has(word));
}

/** The errors that a connection tells of: those that the routine at its source has counted, where it is for errors. */
export function errorsOf(figures: Figures, { source, event }: Pick<ConnectionRoute, "source" | "event">): number {
  return isForErrors(event) ? (figures.routine(source)?.errors ?? 0) : 0;
}

/** The look of a connection of `kind` that tells of `errors`; `lit` when it is selected or pointed at. */
export function lookOf(
  figures: ConnectionFigures | undefined,
  errors: number,
  kind: ConnectionKind,
  lit: boolean,
): Look {
  const count = figures?.count ?? 0;
  const width = widthOf(count) + (lit ? 0.75 : 0);
  return { tone: lit ? "lit" : toneOf(figures, errors), width, dashed: kind === "back" };
}

export function sameLook(a: Look, b: Look): boolean {
  return a.tone === b.tone && a.width === b.width && a.dashed === b.dashed;
}

function toneOf(figures: ConnectionFigures | undefined, errors: number): Tone {
  if (!figures?.count) return "idle";
  if (errors > 0) return "error";
  return figures.rate > 0 ? "busy" : "idle";
}

/** By the order of magnitude of the traffic, 1.25 to 3.5 px, in quarters so that it seldom changes. */
function widthOf(count: number): number {
  return Math.min(3.5, Math.round((1.25 + 0.52 * Math.log10(1 + count)) * 4) / 4);
}
