// The shape of a flow: which connections lead back or to the same routine, and the order to read its routines in.
import type { FlowDefinition } from "../live/protocol.ts";

export type ConnectionKind = "forward" | "back" | "self";

/** A connection of the graph. `repeat` counts the connections before it that join the same event and slot. */
export interface GraphConnection {
  id: string;
  source: string;
  event: string;
  target: string;
  slot: string;
  kind: ConnectionKind;
  repeat: number;
}

export interface GraphRoutine {
  id: string;
  slots: string[];
  events: string[];
}

/** `routines` are in topological order (back edges left out); ties keep the order of the definition. */
export interface Structure {
  routines: GraphRoutine[];
  connections: GraphConnection[];
}

/** The structure of `flow`. Connections whose ends the flow does not have are left out. */
export function structureOf(flow: FlowDefinition): Structure {
  const routines = flow.routines.map(({ routine_id: id, slots, events }) => ({ id, slots, events }));
  const connections = connectionsOf(flow);
  markBackEdges(routinesFromEntries(flow), connections);
  return { routines: inReadingOrder(routines, connections), connections };
}

function connectionsOf(flow: FlowDefinition): GraphConnection[] {
  const known = new Set(flow.routines.map((routine) => routine.routine_id));
  const seen = new Map<string, number>();
  const connections: GraphConnection[] = [];
  for (const { connection_id: id, source, target } of flow.connections) {
    if (!known.has(source.routine_id) || !known.has(target.routine_id)) continue;
    const ends = JSON.stringify([source.routine_id, source.event, target.routine_id, target.slot]);
    const repeat = seen.get(ends) ?? 0;
    seen.set(ends, repeat + 1);
    connections.push({
      id,
      source: source.routine_id,
      event: source.event,
      target: target.routine_id,
      slot: target.slot,
      kind: source.routine_id === target.routine_id ? "self" : "forward",
      repeat,
    });
  }
  return connections;
}

/** Every routine id; where a walk should begin (entries, then routines without a forward input) comes first. */
function routinesFromEntries(flow: FlowDefinition): string[] {
  const ids = flow.routines.map((routine) => routine.routine_id);
  const fed = new Set(flow.connections.map((connection) => connection.target.routine_id));
  const entries = flow.entries.map((entry) => entry.routine_id);
  return [...new Set([...entries, ...ids.filter((id) => !fed.has(id)), ...ids])];
}

/** A depth-first walk: a connection to a routine that the walk is still inside of leads back. */
function markBackEdges(starts: string[], connections: GraphConnection[]): void {
  const outgoing = Map.groupBy(connections, (connection) => connection.source);
  const open = new Set<string>();
  const seen = new Set<string>();
  for (const start of starts) {
    if (seen.has(start)) continue;
    const stack = [{ id: start, next: 0 }];
    seen.add(start);
    open.add(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const connection = outgoing.get(top.id)?.[top.next++];
      if (!connection) open.delete(stack.pop()?.id ?? "");
      else if (connection.kind === "self") continue;
      else if (open.has(connection.target)) connection.kind = "back";
      else if (!seen.has(connection.target)) {
        seen.add(connection.target);
        open.add(connection.target);
        stack.push({ id: connection.target, next: 0 });
      }
    }
  }
}

/** Kahn's order over the forward connections. */
function inReadingOrder(routines: GraphRoutine[], connections: GraphConnection[]): GraphRoutine[] {
  const forward = connections.filter((connection) => connection.kind === "forward");
  const outgoing = Map.groupBy(forward, (connection) => connection.source);
  const byId = new Map(routines.map((routine) => [routine.id, routine]));
  const waiting = new Map(routines.map((routine) => [routine.id, 0]));
  for (const { target } of forward) waiting.set(target, (waiting.get(target) ?? 0) + 1);
  const ready = routines.filter((routine) => waiting.get(routine.id) === 0);
  for (let i = 0; i < ready.length; i++) {
    for (const { target } of outgoing.get(ready[i]!.id) ?? []) {
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0) ready.push(byId.get(target)!);
    }
  }
  return ready;
}
