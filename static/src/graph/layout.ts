// A structure laid out: where each card and port is, how each connection runs, where its count is written. Pure.
import { CARD_WIDTH, cardHeight, portOffset } from "./card-size.ts";
import type { Curve } from "./curve.ts";
import { labelPlaces } from "./label-places.ts";
import type { Place, Placement } from "./placement.ts";
import { portOrder } from "./port-order.ts";
import { routes } from "./routes.ts";
import type { ConnectionKind, GraphRoutine, Structure } from "./structure.ts";

/** A slot or event and its distance from the top of the card. */
export interface Port {
  name: string;
  offset: number;
}

/** A routine's card; `x`, `y` is its upper left corner. */
export interface RoutineBox {
  id: string;
  column: number;
  x: number;
  y: number;
  width: number;
  height: number;
  slots: Port[];
  events: Port[];
}

/** A connection's curve from port to port, and the centre of its label. */
export interface ConnectionRoute {
  id: string;
  source: string;
  target: string;
  kind: ConnectionKind;
  curve: Curve;
  label: { x: number; y: number };
}

/** In graph units. Routines in reading order; everything lies between 0, 0 and `width`, `height`. */
export interface Layout {
  routines: RoutineBox[];
  connections: ConnectionRoute[];
  width: number;
  height: number;
}

/** The layout of `structure` with its routines where `placement` has them. */
export function arrange(structure: Structure, placement: Placement): Layout {
  const order = portOrder(structure, placement);
  const lefts = columnLefts(structure, placement);
  const boxes = structure.routines.map((routine) => {
    const place = placement.routines.get(routine.id)!;
    return boxOf(routine, place, lefts[place.column]!, order.slots.get(routine.id)!, order.events.get(routine.id)!);
  });
  const curves = routes(structure, placement, new Map(boxes.map((box) => [box.id, box])), lefts);
  const labels = labelPlaces([...curves.values()], boxes);
  const connections = structure.connections.map(({ id, source, target, kind }, i) => {
    return { id, source, target, kind, curve: curves.get(id)!, label: labels[i]! };
  });
  return toOrigin(boxes, connections);
}

function boxOf(routine: GraphRoutine, place: Place, x: number, slots: string[], events: string[]): RoutineBox {
  const height = cardHeight(routine);
  const ports = (names: string[]): Port[] =>
    names.map((name, i) => ({ name, offset: portOffset(i, names.length, height) }));
  const y = place.y - height / 2;
  return { id: routine.id, column: place.column, x, y, width: CARD_WIDTH, height, slots: ports(slots), events: ports(events) };
}

const NARROWEST_GAP = 76;
const WIDEST_GAP = 150;

/** The x of each column. A gap is wide enough for the names of the ports beside it, wider where connections are steep. */
function columnLefts(structure: Structure, placement: Placement): number[] {
  const gaps = new Map<number, number>();
  const widen = (column: number, width: number): void => {
    gaps.set(column, Math.max(gaps.get(column) ?? NARROWEST_GAP, Math.min(WIDEST_GAP, width)));
  };
  for (const { id, source, target, event, slot, kind } of structure.connections) {
    const ends = [placement.routines.get(source)!, placement.routines.get(target)!] as const;
    if (kind !== "forward") continue;
    const stops = [ends[0], ...(placement.passes.get(id) ?? []), ends[1]];
    stops.slice(1).forEach((stop, i) => widen(stops[i]!.column, 60 + Math.abs(stop.y - stops[i]!.y) / 5));
    if (stops.length === 2) widen(ends[0].column, nameWidth(event) + nameWidth(slot) + 22);
  }
  const lefts = [0];
  const last = Math.max(0, ...[...placement.routines.values()].map((place) => place.column));
  for (let column = 0; column < last; column++) {
    lefts.push(lefts[column]! + CARD_WIDTH + (gaps.get(column) ?? NARROWEST_GAP));
  }
  return lefts;
}

/** About as wide as the name of a port is drawn. */
function nameWidth(name: string): number {
  return name.length * 6;
}

function toOrigin(routines: RoutineBox[], connections: ConnectionRoute[]): Layout {
  const xs = [...routines.flatMap(({ x, width }) => [x, x + width])];
  const ys = [...routines.flatMap(({ y, height }) => [y, y + height])];
  for (const { curve } of connections) curve.forEach((value, i) => (i % 2 === 0 ? xs : ys).push(value));
  const [left, right] = extent(xs);
  const [top, bottom] = extent(ys);
  return {
    routines: routines.map((box) => ({ ...box, x: box.x - left, y: box.y - top })),
    connections: connections.map((route) => ({
      ...route,
      curve: route.curve.map((value, i) => value - (i % 2 === 0 ? left : top)),
      label: { x: route.label.x - left, y: route.label.y - top },
    })),
    width: right - left,
    height: bottom - top,
  };
}

function extent(values: number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length ? [low, high] : [0, 0];
}
