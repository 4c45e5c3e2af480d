// The connections on the canvas: their looks, what lies under the pointer, and the dots that travel along them.
import { ConnectionCanvas, type Arrow } from "./connection-canvas.ts";
import { type Look, errorsOf, isForErrors, lookOf, sameLook } from "./connection-look.ts";
import { type Track, distanceSquared, trackOf } from "./curve.ts";
import type { Figures } from "./figures.ts";
import type { ConnectionRoute, Layout } from "./layout.ts";
import type { Palette } from "./palette.ts";
import { PulseCanvas } from "./pulse-canvas.ts";
import { Pulses } from "./pulses.ts";
import type { Size, View } from "./viewport.ts";

/** A connection is pointed at when the pointer is so near on the screen, px. */
const REACH = 8;

export class ConnectionLayer {
  readonly lines = new ConnectionCanvas();
  readonly dots = new PulseCanvas();
  /** Those that may look different when a routine has counted an error. Read only. */
  forErrors: readonly string[] = [];
  private readonly pulses = new Pulses();
  private routes: ConnectionRoute[] = [];
  private tracks: Track[] = [];
  private looks: Look[] = [];
  private numbers = new Map<string, number>();
  private lit: ReadonlySet<string> = new Set();

  constructor(private readonly figures: Figures) {}

  setLayout(layout: Layout): void {
    this.routes = layout.connections;
    this.tracks = this.routes.map(({ curve }) => trackOf(curve));
    this.numbers = new Map(this.routes.map(({ id }, i) => [id, i]));
    this.forErrors = this.routes.filter(({ event }) => isForErrors(event)).map(({ id }) => id);
    this.lines.setCurves(
      this.routes.map(({ curve }) => curve),
      this.routes.map(({ kind }, i) => (kind === "forward" ? null : middleOf(this.tracks[i]!))),
    );
    this.looks = this.routes.map((route) => this.lookNow(route));
    this.pulses.clear();
  }

  /** Takes in new figures of the connections `ids`. True: some look different now. */
  update(ids: Iterable<string>): boolean {
    let changed = false;
    for (const id of ids) {
      const i = this.numbers.get(id);
      if (i === undefined) continue;
      const look = this.lookNow(this.routes[i]!);
      changed ||= !sameLook(look, this.looks[i]!);
      this.looks[i] = look;
    }
    return changed;
  }

  /** Lights exactly the connections `ids`. True: that is a change. */
  light(ids: ReadonlySet<string>): boolean {
    const touched = new Set([...this.lit, ...ids]);
    this.lit = ids;
    return this.update(touched);
  }

  /** The connection nearest to a point of the graph, when it is within reach. */
  at(x: number, y: number, scale: number): ConnectionRoute | null {
    const reach = REACH / scale;
    let [nearest, found]: [number, ConnectionRoute | null] = [reach ** 2, null];
    this.tracks.forEach((track, i) => {
      if (!this.lines.mayBeAt(i, x, y, reach)) return;
      const distance = distanceSquared(track, x, y);
      if (distance < nearest) [nearest, found] = [distance, this.routes[i]!];
    });
    return found;
  }

  /** Sends dots for messages that were sent, over the next `span` ms, on a graph that is shown at `scale`. */
  emit(emissions: ReadonlyMap<string, number>, scale: number, now: number, span: number): void {
    for (const [id, count] of emissions) {
      const i = this.numbers.get(id);
      if (i !== undefined) this.pulses.emit(i, this.tracks[i]!.length, scale, count, now, span);
    }
  }

  /** No dot travels any more. */
  still(): void {
    if (this.pulses.size === 0) return;
    this.pulses.clear();
    this.dots.clear();
  }

  drawLines(view: View, room: Size, palette: Palette): void {
    this.lines.draw(view, room, this.looks, palette);
  }

  /** Draws the dots as they are at `now`. False: there are none, and nothing needs to be drawn again. */
  drawDots(view: View, now: number, palette: Palette): boolean {
    if (this.pulses.size === 0) return false;
    const { running, failed } = palette.status;
    const colourOf = (route: number): string => (this.looks[route]!.tone === "error" ? failed : running);
    this.dots.draw(view, this.pulses.at(now), now, this.tracks, colourOf);
    return this.pulses.size > 0;
  }

  private lookNow(route: ConnectionRoute): Look {
    const { id, kind } = route;
    return lookOf(this.figures.connection(id), errorsOf(this.figures, route), kind, this.lit.has(id));
  }
}

function middleOf({ xs, ys }: Track): Arrow {
  const i = Math.floor(xs.length / 2);
  const angle = Math.atan2(ys[i]! - ys[i - 1]!, xs[i]! - xs[i - 1]!);
  return { x: xs[i]!, y: ys[i]!, angle };
}
