// The stage: the layers of the graph one above the other, and when they are drawn.
import type { FlowDefinition } from "../live/protocol.ts";
import type { Selection } from "../live/selection.ts";
import { Camera } from "./camera.ts";
import { CardLayer } from "./card-layer.ts";
import { CARD_HEIGHT } from "./card-size.ts";
import { ConnectionLayer } from "./connection-layer.ts";
import type { Figures } from "./figures.ts";
import { GraphList } from "./graph-list.ts";
import { LabelLayer } from "./label-layer.ts";
import type { Layout, RoutineBox } from "./layout.ts";
import { type Palette, onThemeChange, paletteOf } from "./palette.ts";
import { TileCanvas } from "./tile-canvas.ts";
import { type Rect, seen } from "./viewport.ts";

/** A flow of more routines is drawn as tiles on a canvas, with cards for what is near. */
export const CARDS_UP_TO = 200;

/** A card that is less high on the screen becomes a tile, px. */
const TILE_BELOW = 60;

/** From this scale on the ports of every card show their names. */
const NEAR_FROM = 0.7;

export class GraphStage {
  readonly element = document.createElement("div");
  readonly camera = new Camera(() => this.redraw());
  private readonly world = document.createElement("div");
  private readonly backdrop = document.createElement("div");
  private readonly cards: CardLayer;
  private readonly list: GraphList;
  private readonly labels: LabelLayer;
  private readonly connections: ConnectionLayer;
  private readonly tiles: TileCanvas;
  private layout: Layout | null = null;
  private palette: Palette | null = null;
  private many = false;
  private boost = 1;
  private frame = 0;
  private dirty = false;
  private focused: string | null = null;
  private selected: string | null = null;

  constructor(private readonly figures: Figures) {
    this.cards = new CardLayer(figures);
    this.list = new GraphList(figures);
    this.connections = new ConnectionLayer(figures);
    this.labels = new LabelLayer(figures);
    this.tiles = new TileCanvas(figures);
    this.element.className = "graph-stage";
    this.backdrop.className = "graph-backdrop";
    this.world.className = "graph-world";
    this.world.append(this.labels.element, this.cards.element);
    const canvases = this.surfaces.map(({ canvas }) => canvas);
    this.element.append(this.backdrop, ...canvases, this.world, this.list.element);
  }

  /** Follows the size of the stage and the theme until `signal` aborts. */
  connect(signal: AbortSignal): void {
    const observer = new ResizeObserver(([entry]) => entry && this.resize(entry.contentRect));
    observer.observe(this.element);
    onThemeChange(() => this.recolour(), signal);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.frame);
      this.frame = 0;
    });
  }

  setLayout(flow: FlowDefinition, layout: Layout): void {
    this.layout = layout;
    this.many = layout.routines.length > CARDS_UP_TO;
    this.element.classList.toggle("many", this.many);
    this.cards.setLayout(flow, layout, !this.many);
    this.list.setLayout(layout, this.many);
    this.labels.setLayout(layout, !this.many);
    this.connections.setLayout(layout);
    this.tiles.setLayout(layout);
    const ids = <T extends { id: string }>(items: T[]): string[] => items.map(({ id }) => id);
    this.update(ids(layout.routines), ids(layout.connections));
    this.tick();
    this.camera.frame(layout);
  }

  /** Shows the new figures of these routines and connections; nothing else is touched. */
  update(routines: Iterable<string>, connections: Iterable<string>): void {
    const [ids, now] = [[...routines], this.figures.now()];
    this.cards.update(ids, now);
    this.list.updateRoutines(ids);
    this.list.updateConnections(connections);
    const touched = [...connections, ...this.connections.forErrors];
    this.labels.update(touched);
    const changed = this.connections.update(touched);
    if (changed || (this.tiled && this.tiles.differs(ids))) this.redraw();
  }

  /** Time passed: what counts down does, and what is heard catches up with what is seen. */
  tick(): void {
    const now = this.figures.now();
    this.cards.tick(now);
    this.list.tick(now);
  }

  select(selection: Selection | null): void {
    this.selected = selection?.kind === "routine" ? selection.id : null;
    this.cards.select(this.selected);
    this.list.select(this.selected);
    this.redraw();
  }

  /** Lights exactly these connections. */
  light(ids: ReadonlySet<string>): void {
    if (this.connections.light(ids)) this.redraw();
  }

  /** Dots for messages that were sent, spread over the next `span` ms. */
  emit(emissions: ReadonlyMap<string, number>, span: number): void {
    this.connections.emit(emissions, this.camera.view.scale, performance.now(), span);
    this.paintSoon();
  }

  /** No dot travels any more. */
  still(): void {
    this.connections.still();
  }

  /** The routine under a point of the stage that is drawn on the canvas, or null. */
  tileAt(x: number, y: number): string | null {
    const point = this.camera.toGraph(x, y);
    return this.tiled ? this.tiles.at(point.x, point.y) : null;
  }

  connectionAt(x: number, y: number): string | null {
    const point = this.camera.toGraph(x, y);
    return this.connections.at(point.x, point.y, this.camera.view.scale)?.id ?? null;
  }

  boxOf(id: string): RoutineBox | undefined {
    return this.layout?.routines.find((box) => box.id === id);
  }

  /** Puts the keyboard's focus on a routine. */
  focus(id: string): void {
    if (this.many) this.list.focus(id);
    else this.cards.focus(id);
  }

  /** The routine that has the keyboard's focus, or null; shown here when its control is in the list. */
  outline(id: string | null): void {
    this.focused = this.many ? id : null;
    this.redraw();
  }

  /** While the view moves by hand, text is scaled as a picture; when it rests, it is drawn anew and sharp. */
  set moving(moving: boolean) {
    this.element.classList.toggle("moving", moving);
  }

  private get far(): boolean {
    return CARD_HEIGHT * this.camera.view.scale < TILE_BELOW;
  }

  private get tiled(): boolean {
    return this.many && this.far;
  }

  private get surfaces() {
    return [this.connections.lines.surface, this.connections.dots.surface, this.tiles.surface];
  }

  private resize({ width, height }: { width: number; height: number }): void {
    if (!width || !height) return;
    for (const surface of this.surfaces) surface.resize({ width, height });
    this.camera.resize({ width, height });
  }

  private recolour(): void {
    this.palette = null;
    this.redraw();
  }

  private redraw(): void {
    this.dirty = true;
    this.paintSoon();
  }

  private paintSoon(): void {
    this.frame ||= requestAnimationFrame((now) => this.paint(now));
  }

  /** One picture; asks for the next only while something moves. */
  private paint(now: number): void {
    this.frame = 0;
    if (!this.layout || !this.camera.room.width) return;
    this.palette ??= paletteOf(this.element);
    if (this.camera.advance(now) || this.dirty) this.drawStill(this.palette);
    const lively = this.connections.drawDots(this.camera.view, now, this.palette);
    if (lively || this.camera.flying) this.paintSoon();
  }

  private drawStill(palette: Palette): void {
    const { view, room } = this.camera;
    this.dirty = false;
    this.placeWorld();
    const part = this.tiled ? null : this.nearby();
    this.cards.see(part);
    this.labels.see(part);
    this.cards.outline(this.focused);
    this.connections.drawLines(view, room, palette);
    const outlined = new Set([this.focused, this.selected]);
    if (this.tiled) this.tiles.draw(view, room, palette, outlined);
    else this.tiles.clear();
  }

  private placeWorld(): void {
    const { x, y, scale } = this.camera.view;
    const { classList, style } = this.element;
    classList.toggle("far", this.far);
    classList.toggle("near", scale >= NEAR_FROM);
    if (this.far) style.setProperty("--unscaled", String(1 / scale));
    else if (this.boost !== boostAt(scale)) style.setProperty("--boost", String((this.boost = boostAt(scale))));
    this.world.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    const pitch = 22 * scale * 2 ** Math.max(0, Math.ceil(Math.log2(0.6 / scale)));
    this.backdrop.style.backgroundSize = `${pitch}px ${pitch}px`;
    this.backdrop.style.backgroundPosition = `${x}px ${y}px`;
  }

  /** What is seen and a little around it. */
  private nearby(): Rect {
    const { x, y, width, height } = seen(this.camera.view, this.camera.room);
    return { x: x - width / 8, y: y - height / 8, width: width * 1.25, height: height * 1.25 };
  }
}

/** How much larger than its card the text is: it shrinks less, in steps, since each step lays all cards out again. */
function boostAt(scale: number): number {
  return Math.round(Math.min(1.2, Math.max(1, 0.9 / scale)) * 20) / 20;
}
