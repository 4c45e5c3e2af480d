// A structure laid out: where each card and port is, how each connection runs, where its count is written. Pure.
import { CARD_WIDTH, cardHeight, portOffset } from "./card-size.ts";
import { type Curve, type Track, trackOf } from "./curve.ts";
import { type Box, type LabelPlace, labelPlaces } from "./label-places.ts";
import { type NameSide, type PortKind, nameBox, nameSides, nameWidth, portKey, risesOf } from "./port-names.ts";
import type { Place, Placement } from "./placement.ts";
import { portOrder } from "./port-order.ts";
import { routes } from "./routes.ts";
import type { GraphConnection, GraphRoutine, Structure } from "./structure.ts";

/** A slot or event, its distance from the top of the card, and where its name stands. */
export interface Port {
  name: string;
  offset: number;
  side: NameSide;
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
export interface ConnectionRoute extends GraphConnection {
  curve: Curve;
  label: LabelPlace;
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
  const tracks = new Map([...curves].map(([id, curve]) => [id, trackOf(curve, 6)]));
  turnNames(structure.connections, tracks, boxes);
  const labels = labelPlaces([...tracks.values()], [...boxes, ...boxes.flatMap(nameBoxes)]);
  const connections = structure.connections.map((connection, i) => {
    return { ...connection, curve: curves.get(connection.id)!, label: labels[i]! };
  });
  return toOrigin(boxes, connections);
}

/** Names of ports go to the side that the connections leave free. */
function turnNames(connections: GraphConnection[], tracks: Map<string, Track>, boxes: RoutineBox[]): void {
  const rises = risesOf(connections, tracks);
  const turn = (kind: PortKind, id: string, ports: Port[]): void => {
    const sides = nameSides(ports.map(({ name, offset }) => ({ offset, rise: rises.get(portKey(kind, id, name)) })));
    ports.forEach((port, i) => (port.side = sides[i]!));
  };
  for (const { id, slots, events } of boxes) {
    turn("slot", id, slots);
    turn("event", id, events);
  }
}

function nameBoxes({ x, y, width, slots, events }: RoutineBox): Box[] {
  return [
    ...slots.map(({ name, offset, side }) => nameBox("slot", name, side, x, y + offset)),
    ...events.map(({ name, offset, side }) => nameBox("event", name, side, x + width, y + offset)),
  ];
}

function boxOf(routine: GraphRoutine, place: Place, x: number, slots: string[], events: string[]): RoutineBox {
  const height = cardHeight(routine);
  const ports = (names: string[]): Port[] =>
    names.map((name, i) => ({ name, offset: portOffset(i, names.length, height), side: "beside" }));
  const y = place.y - height / 2;
  const { column } = place;
  return { id: routine.id, column, x, y, width: CARD_WIDTH, height, slots: ports(slots), events: ports(events) };
}

const NARROWEST_GAP = 66;
const WIDEST_GAP = 104;

/** A tall graph gets wider gaps, up to this shape: the screen has room there, and its connections are less steep. */
const SHAPE = 1.6;
const WIDEST_OF_ALL = 720;

/** The x of each column. A gap has room for the names of the ports beside it, more where connections are steep. */
function columnLefts(structure: Structure, placement: Placement): number[] {
  const places = [...placement.routines.values()];
  const columns = Math.max(0, ...places.map((place) => place.column)) + 1;
  const [top, bottom] = extent(places.map((place) => place.y));
  const widest = Math.min(WIDEST_OF_ALL, Math.max(WIDEST_GAP, ((bottom - top) * SHAPE) / columns - CARD_WIDTH));
  const gaps = wantedGaps(structure, placement);
  const lefts = [0];
  for (let column = 0; column < columns - 1; column++) {
    const gap = Math.min(widest, Math.max(NARROWEST_GAP, gaps.get(column) ?? 0));
    lefts.push(lefts[column]! + CARD_WIDTH + gap);
  }
  return lefts;
}

/** How wide the gap behind each column should be. */
function wantedGaps(structure: Structure, placement: Placement): Map<number, number> {
  const gaps = new Map<number, number>();
  const want = (column: number, width: number): void => void gaps.set(column, Math.max(gaps.get(column) ?? 0, width));
  for (const { id, source, target, event, slot, kind } of structure.connections) {
    if (kind !== "forward") continue;
    const [first, last] = [placement.routines.get(source)!, placement.routines.get(target)!];
    const stops = [first, ...(placement.passes.get(id) ?? []), last];
    stops.slice(1).forEach((stop, i) => want(stops[i]!.column, 56 + Math.abs(stop.y - stops[i]!.y) / 6));
    if (stops.length === 2) want(first.column, nameWidth(event) + nameWidth(slot) + 26);
  }
  return gaps;
}

function toOrigin(routines: RoutineBox[], connections: ConnectionRoute[]): Layout {
  const boxes = [...routines, ...routines.flatMap(nameBoxes)];
  const xs = boxes.flatMap(({ x, width }) => [x, x + width]);
  const ys = boxes.flatMap(({ y, height }) => [y, y + height]);
  for (const { curve } of connections) curve.forEach((value, i) => (i % 2 === 0 ? xs : ys).push(value));
  const [left, right] = extent(xs);
  const [top, bottom] = extent(ys);
  return {
    routines: routines.map((box) => ({ ...box, x: box.x - left, y: box.y - top })),
    connections: connections.map((route) => ({
      ...route,
      curve: route.curve.map((value, i) => value - (i % 2 === 0 ? left : top)),
      label: { ...route.label, x: route.label.x - left, y: route.label.y - top },
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
