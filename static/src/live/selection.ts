// What is selected in the graph; lives in the address as ?routine= or ?connection=.
import type { FlowDefinition } from "./protocol.ts";

/** A routine or a connection of the flow, by its id. */
export interface Selection {
  kind: "routine" | "connection";
  id: string;
}

/** The selection that a query string names, or null. */
export function selectionOf(query: string): Selection | null {
  const params = new URLSearchParams(query);
  for (const kind of ["routine", "connection"] as const) {
    const id = params.get(kind);
    if (id) return { kind, id };
  }
  return null;
}

/** The query string with `selection` in place of the one it named. */
export function withSelection(query: string, selection: Selection | null): string {
  const params = new URLSearchParams(query);
  params.delete("routine");
  params.delete("connection");
  if (selection) params.set(selection.kind, selection.id);
  return params.size ? `?${params}` : "";
}

export function sameSelection(a: Selection | null, b: Selection | null): boolean {
  return a?.kind === b?.kind && a?.id === b?.id;
}

/** Whether the flow has what is selected: an address may name what is gone. */
export function isIn({ routines, connections }: FlowDefinition, { kind, id }: Selection): boolean {
  return kind === "routine"
    ? routines.some(({ routine_id: known }) => known === id)
    : connections.some(({ connection_id: known }) => known === id);
}
