// How connections run: from port to port, level through every column they cross, so that none runs behind a card.
import { CARD_WIDTH } from "./card-size.ts";
import { type Curve, CurvePen } from "./curve.ts";
import type { Port, RoutineBox } from "./layout.ts";
import type { Placement } from "./placement.ts";
import type { GraphConnection, Structure } from "./structure.ts";

/** How far a detour keeps from the card it runs around, how far further the next one, how far it swings out. */
const DETOUR = { distance: 18, step: 9, swing: 26 };

/** How far the second of two connections between the same ports bends away from the first. */
const BOW = 26;

/** The curve of every connection of `structure`; `lefts` are the x of the columns. */
export function routes(
  structure: Structure,
  placement: Placement,
  boxes: Map<string, RoutineBox>,
  lefts: number[],
): Map<string, Curve> {
  const lanes = new Lanes();
  const curves = new Map<string, Curve>();
  for (const connection of structure.connections) {
    const source = boxes.get(connection.source)!;
    const target = boxes.get(connection.target)!;
    const passes = (placement.passes.get(connection.id) ?? []).map(({ column, y }) => ({ x: lefts[column]!, y }));
    if (connection.kind === "self") curves.set(connection.id, loop(connection, source, lanes));
    else if (connection.kind === "back") curves.set(connection.id, back(connection, source, target, passes, lanes));
    else curves.set(connection.id, forward(connection, source, target, passes));
  }
  return curves;
}

interface Pass {
  x: number;
  y: number;
}

function forward(connection: GraphConnection, source: RoutineBox, target: RoutineBox, passes: Pass[]): Curve {
  const pen = new CurvePen(source.x + source.width, portY(source, source.events, connection.event));
  for (const { x, y } of passes) pen.sway(x, y).line(x + CARD_WIDTH, y);
  return pen.sway(target.x, portY(target, target.slots, connection.slot), bowOf(connection)).curve;
}

/** Out of the event, around below the source, against the stream, around below the target, into the slot. */
function back(
  connection: GraphConnection,
  source: RoutineBox,
  target: RoutineBox,
  passes: Pass[],
  lanes: Lanes,
): Curve {
  const leave = lanes.below(source);
  const arrive = lanes.below(target);
  const pen = new CurvePen(source.x + source.width, portY(source, source.events, connection.event));
  pen.turn(leave, DETOUR.swing).line(source.x, leave);
  for (const { x, y } of passes) pen.sway(x + CARD_WIDTH, y).line(x, y);
  pen.sway(target.x + target.width, arrive).line(target.x, arrive);
  return pen.turn(portY(target, target.slots, connection.slot), -DETOUR.swing).curve;
}

/** Over the card's own top. */
function loop(connection: GraphConnection, box: RoutineBox, lanes: Lanes): Curve {
  const top = lanes.above(box);
  return new CurvePen(box.x + box.width, portY(box, box.events, connection.event))
    .turn(top, DETOUR.swing)
    .line(box.x, top)
    .turn(portY(box, box.slots, connection.slot), -DETOUR.swing).curve;
}

function portY(box: RoutineBox, ports: Port[], name: string): number {
  return box.y + (ports.find((port) => port.name === name)?.offset ?? box.height / 2);
}

function bowOf({ repeat }: GraphConnection): number {
  return repeat === 0 ? 0 : (repeat % 2 ? 1 : -1) * Math.ceil(repeat / 2) * BOW;
}

/** Hands out the heights at which detours pass above and below cards, each a little further out. */
class Lanes {
  private readonly taken = new Map<string, number>();

  above(box: RoutineBox): number {
    return box.y - this.next(`above ${box.id}`);
  }

  below(box: RoutineBox): number {
    return box.y + box.height + this.next(`below ${box.id}`);
  }

  private next(side: string): number {
    const count = this.taken.get(side) ?? 0;
    this.taken.set(side, count + 1);
    return DETOUR.distance + count * DETOUR.step;
  }
}
