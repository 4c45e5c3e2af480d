// A large flow from far: each routine a tile in the colour of its status, with its name where there is room.
import type { Figures } from "./figures.ts";
import type { Layout, RoutineBox } from "./layout.ts";
import type { Palette } from "./palette.ts";
import { type RoutineStatus, isHollow, toneOf, traceShape } from "./status-shape.ts";
import { Surface } from "./surface.ts";
import { type Size, type View, seen, touches } from "./viewport.ts";

/** A tile has a name when it is at least so large on the screen, px. */
const NAMED = { width: 44, height: 15 };

/** From this width on, px, the shape of the status stands at its corner. */
const SHAPED = 22;

/** However far away, a tile stays this large on the screen, px. */
const SMALLEST = { width: 6, height: 4 };

export class TileCanvas {
  readonly surface = new Surface("graph-tiles");
  private boxes: RoutineBox[] = [];
  private drawn = new Map<string, RoutineStatus>();

  constructor(private readonly figures: Figures) {}

  setLayout(layout: Layout): void {
    this.boxes = layout.routines;
  }

  /** Whether any of the routines `ids` has another status than it was drawn with. */
  differs(ids: Iterable<string>): boolean {
    for (const id of ids) if (this.drawn.get(id) !== this.statusOf(id)) return true;
    return false;
  }

  /** The routine whose tile covers a point of the graph. */
  at(x: number, y: number): string | null {
    const point = { x, y, width: 0, height: 0 };
    return this.boxes.find((box) => touches(box, point))?.id ?? null;
  }

  draw(view: View, room: Size, palette: Palette, outlined: ReadonlySet<string | null>): void {
    const context = this.surface.begin();
    if (!context) return;
    const part = seen(view, room);
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.drawn = new Map(this.boxes.map(({ id }) => [id, this.statusOf(id)]));
    for (const box of this.boxes) {
      if (touches(box, part))
        drawTile(context, onScreen(box, view), this.statusOf(box.id), palette, outlined.has(box.id));
    }
  }

  clear(): void {
    this.surface.begin();
  }

  private statusOf(id: string): RoutineStatus {
    return this.figures.routine(id)?.status ?? "pending";
  }
}

interface Tile {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

function onScreen({ id, x, y, width, height }: RoutineBox, { x: left, y: top, scale }: View): Tile {
  const [across, down] = [Math.max(SMALLEST.width, width * scale), Math.max(SMALLEST.height, height * scale)];
  return { name: id, x: left + x * scale, y: top + y * scale, width: across, height: down };
}

function drawTile(
  context: CanvasRenderingContext2D,
  tile: Tile,
  status: RoutineStatus,
  palette: Palette,
  outlined: boolean,
): void {
  const { x, y, width, height } = tile;
  const tone = toneOf(status);
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(6, height / 5));
  context.fillStyle = palette.tile[tone];
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = palette.status[tone];
  context.stroke();
  if (outlined) drawRing(context, tile, palette.accent);
  if (width >= SHAPED) drawShape(context, status, x + width - 1, y + 1, palette.status[tone], palette.surface);
  if (width < NAMED.width || height < NAMED.height) return;
  context.fillStyle = palette.ink;
  drawName(context, tile, palette.font);
}

function drawShape(
  context: CanvasRenderingContext2D,
  status: RoutineStatus,
  x: number,
  y: number,
  colour: string,
  behind: string,
): void {
  context.beginPath();
  traceShape(context, status, x, y, 3);
  context.fillStyle = isHollow(status) ? behind : colour;
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.fill();
  context.stroke();
}

function drawRing(context: CanvasRenderingContext2D, { x, y, width, height }: Tile, colour: string): void {
  context.beginPath();
  context.roundRect(x - 3.5, y - 3.5, width + 7, height + 7, Math.min(8, height / 4) + 1);
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

/** As large as it fits, within bounds; a longer name loses its middle, since its ends tell it from its neighbours. */
function drawName(context: CanvasRenderingContext2D, { name, x, y, width, height }: Tile, font: string): void {
  const room = width - 6;
  const size = Math.max(8.5, Math.min(12, height * 0.55, room / (name.length * NARROWNESS)));
  context.font = `560 ${size}px ${font}`;
  context.fillText(shortened(name, Math.floor(room / (size * NARROWNESS))), x + width / 2, y + height / 2 + 0.5);
}

/** Width of a letter, in parts of its size, about. */
const NARROWNESS = 0.57;

/** `name` with at most `room` letters. */
export function shortened(name: string, room: number): string {
  if (name.length <= room) return name;
  const kept = Math.max(2, room - 1);
  return `${name.slice(0, Math.ceil(kept / 2))}…${name.slice(name.length - Math.floor(kept / 2))}`;
}
