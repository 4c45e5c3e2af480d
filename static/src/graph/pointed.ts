// What the tip says of what is pointed at, and which connections light up with it. Pure.
import type { Selection } from "../live/selection.ts";
import { plural, rate } from "../parts/format.ts";
import { errorsOf } from "./connection-look.ts";
import { NO_FIGURES, spokenCard } from "./card-words.ts";
import type { Figures } from "./figures.ts";
import type { Layout } from "./layout.ts";

/** The tip's title and text; null where the picture itself says everything. */
export function tipFor(pointed: Selection | null, layout: Layout | null, figures: Figures): [string, string] | null {
  if (!pointed) return null;
  if (pointed.kind === "routine") return [pointed.id, routineText(pointed.id, figures)];
  const route = layout?.connections.find(({ id }) => id === pointed.id);
  if (!route) return null;
  const errors = errorsOf(figures, route);
  const text = trafficText(pointed.id, figures) + (errors ? ` · ${plural(errors, "error")} in ${route.source}` : "");
  return [`${route.source}.${route.event} → ${route.target}.${route.slot}`, text];
}

/** "1,612 messages · 214/s", or what is so when none came. */
export function trafficText(id: string, figures: Figures): string {
  const { count = 0, rate: perSecond = 0 } = figures.connection(id) ?? {};
  if (count === 0) return "nothing sent yet";
  return perSecond > 0 ? `${plural(count, "message")} · ${rate(perSecond)}` : plural(count, "message");
}

function routineText(id: string, figures: Figures): string {
  const routine = figures.routine(id) ?? NO_FIGURES;
  return spokenCard(id, routine, figures.now()).slice(id.length + 2);
}

/** The connections of what is selected and what is pointed at. A selected routine lights none by itself. */
export function litBy(selected: Selection | null, pointed: Selection | null, layout: Layout | null): Set<string> {
  const lit = new Set<string>();
  for (const one of [selected, pointed]) if (one?.kind === "connection") lit.add(one.id);
  if (pointed?.kind === "routine") {
    for (const { id, source, target } of layout?.connections ?? []) {
      if (source === pointed.id || target === pointed.id) lit.add(id);
    }
  }
  return lit;
}
