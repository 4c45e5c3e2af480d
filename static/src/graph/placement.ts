// Asks dagre where routines go: a column and a height for each, and the heights at which long connections pass columns.
import { Graph, layout } from "@dagrejs/dagre";

import { CARD_WIDTH, cardHeight } from "./card-size.ts";
import type { GraphConnection, Structure } from "./structure.ts";

/** Where a routine's centre is: its column from the left, and `y` in graph units. */
export interface Place {
  column: number;
  y: number;
}

/** `passes`: for each connection, the columns between its ends and the free height at which it can cross each. */
export interface Placement {
  routines: Map<string, Place>;
  passes: Map<string, Place[]>;
}

const ROUTINE_GAP = 30;
const CONNECTION_GAP = 18;

/** Room above and below a card for the connections that run around it. */
const DETOUR_ROOM = 20;

/** Network simplex gives the better picture; above this many routines it takes too long (11 s at 1,000). */
const SIMPLEX_UP_TO = 150;

interface Point {
  x: number;
  y: number;
}

/** Places the routines of `structure`, left to right. The same structure always gives the same places. */
export function place(structure: Structure): Placement {
  const graph = graphOf(structure);
  layout(graph);
  const at = (id: string): Point => graph.node(id) as Point;
  const columns = columnsOf(structure.routines.map(({ id }) => at(id).x));
  const toPlace = ({ x, y }: Point): Place[] => {
    const column = columns.get(Math.round(x));
    return column === undefined ? [] : [{ column, y }];
  };
  return {
    routines: new Map(structure.routines.map(({ id }) => [id, toPlace(at(id))[0]!])),
    passes: passesOf(graph, structure, toPlace),
  };
}

function graphOf(structure: Structure): Graph {
  const detours = new Set<string>();
  for (const { kind, source, target } of structure.connections) if (kind !== "forward") detours.add(source).add(target);
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: "LR",
    nodesep: ROUTINE_GAP,
    edgesep: CONNECTION_GAP,
    ranker: structure.routines.length > SIMPLEX_UP_TO ? "tight-tree" : "network-simplex",
  });
  for (const routine of structure.routines) {
    const room = detours.has(routine.id) ? 2 * DETOUR_ROOM : 0;
    graph.setNode(routine.id, { width: CARD_WIDTH, height: cardHeight(routine) + room });
  }
  for (const connection of structure.connections) {
    const [from, to] = endsLeftToRight(connection);
    if (connection.kind !== "self")
      graph.setEdge(from, to, { width: 0, height: 0, minlen: 1, weight: 1 }, connection.id);
  }
  return graph;
}

/** A back edge is laid out against its direction, so that dagre never meets a circle. */
function endsLeftToRight({ kind, source, target }: GraphConnection): [string, string] {
  return kind === "back" ? [target, source] : [source, target];
}

/** The columns by the x of their centres; between two of them dagre has bend points only. */
function columnsOf(centres: number[]): Map<number, number> {
  const sorted = [...new Set(centres.map(Math.round))].sort((a, b) => a - b);
  return new Map(sorted.map((x, column) => [x, column]));
}

function passesOf(graph: Graph, structure: Structure, toPlace: (at: Point) => Place[]): Map<string, Place[]> {
  const passes = new Map<string, Place[]>();
  for (const connection of structure.connections) {
    if (connection.kind === "self") continue;
    const [from, to] = endsLeftToRight(connection);
    const { points = [] } = graph.edge(from, to, connection.id) as { points?: Point[] };
    const crossed = points.slice(1, -1).flatMap(toPlace);
    passes.set(connection.id, connection.kind === "back" ? crossed.reverse() : crossed);
  }
  return passes;
}
