// In which order a card shows its slots and events: so that their connections cross as little as possible.
import type { Place, Placement } from "./placement.ts";
import type { GraphConnection, Structure } from "./structure.ts";

export interface PortOrder {
  slots: Map<string, string[]>;
  events: Map<string, string[]>;
}

/** Ports sorted by the mean height of what they lead to; ports without connections keep their place at the end. */
export function portOrder(structure: Structure, placement: Placement): PortOrder {
  const outgoing = Map.groupBy(structure.connections, (connection) => connection.source);
  const incoming = Map.groupBy(structure.connections, (connection) => connection.target);
  const slots = new Map<string, string[]>();
  const events = new Map<string, string[]>();
  for (const routine of structure.routines) {
    events.set(routine.id, byHeight(routine.events, outgoing.get(routine.id) ?? [], "event", placement));
    slots.set(routine.id, byHeight(routine.slots, incoming.get(routine.id) ?? [], "slot", placement));
  }
  return { slots, events };
}

function byHeight(
  names: string[],
  connections: GraphConnection[],
  side: "slot" | "event",
  placement: Placement,
): string[] {
  const heights = new Map<string, number[]>();
  for (const connection of connections) {
    const list = heights.get(connection[side]) ?? [];
    list.push(heightAt(connection, side, placement));
    heights.set(connection[side], list);
  }
  const mean = (name: string): number => {
    const list = heights.get(name);
    return list ? list.reduce((sum, height) => sum + height, 0) / list.length : Infinity;
  };
  const means = new Map(names.map((name) => [name, mean(name)]));
  return [...names].sort((a, b) => compare(means.get(a)!, means.get(b)!));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** The height of the first thing that a connection meets after leaving the port on this `side`. */
function heightAt(connection: GraphConnection, side: "slot" | "event", placement: Placement): number {
  if (connection.kind === "self") return -Infinity;
  if (connection.kind === "back") return Number.MAX_VALUE / 1e6;
  const passes: Place[] = placement.passes.get(connection.id) ?? [];
  if (side === "event") return (passes[0] ?? placement.routines.get(connection.target)!).y;
  return (passes.at(-1) ?? placement.routines.get(connection.source)!).y;
}
