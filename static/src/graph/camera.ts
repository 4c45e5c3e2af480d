// Which part of the graph is shown now, and how it gets from there to the next.
import { type Rect, type Size, type View, between, centred, fit, moved, revealing, zoomed } from "./viewport.ts";

const FLIGHT_MS = 260;

/** A routine that is approached is shown at least so large. */
const CLOSE = 1.35;

/** Keeps all of the graph in sight until the reader chooses what to see; `fit` gives that back. */
export class Camera {
  view: View = { x: 0, y: 0, scale: 1 };
  room: Size = { width: 0, height: 0 };
  private content: Size = { width: 0, height: 0 };
  private chosen = false;
  private flight: { from: View; to: View; start: number } | null = null;

  /** `changed` is called when something else is to be shown. */
  constructor(private readonly changed: () => void) {}

  get flying(): boolean {
    return this.flight !== null;
  }

  /** Takes in the size of the graph. */
  frame(content: Size): void {
    this.content = content;
    this.show(this.chosen ? this.view : fit(content, this.room));
  }

  /** The stage has another size: what was in the middle stays there. */
  resize(room: Size): void {
    const [dx, dy] = [(room.width - this.room.width) / 2, (room.height - this.room.height) / 2];
    this.room = room;
    this.show(this.chosen ? moved(this.view, dx, dy) : fit(this.content, room));
  }

  move(dx: number, dy: number): void {
    this.choose(moved(this.target, dx, dy));
  }

  zoom(factor: number, x: number, y: number): void {
    this.choose(zoomed(this.target, factor, x, y));
  }

  /** Zooms around the middle, in one visible movement. */
  step(factor: number): void {
    this.chosen = true;
    this.fly(zoomed(this.target, factor, this.room.width / 2, this.room.height / 2));
  }

  /** All of the graph, and from now on again. */
  fit(): void {
    this.chosen = false;
    this.fly(fit(this.content, this.room));
  }

  /** `rect` of the graph in the middle, from near. */
  approach(rect: Rect): void {
    this.chosen = true;
    this.fly(centred(rect, this.room, Math.max(CLOSE, this.view.scale)));
  }

  /** Moves until `rect` of the graph is in sight. */
  reveal(rect: Rect): void {
    const view = revealing(this.target, rect, this.room);
    if (view === this.target) return;
    this.chosen = true;
    this.fly(view);
  }

  /** The point of the graph that is at `x`, `y` of the stage. */
  toGraph(x: number, y: number): { x: number; y: number } {
    return { x: (x - this.view.x) / this.view.scale, y: (y - this.view.y) / this.view.scale };
  }

  /** Goes on with a movement to where it is at `now`. True: what is shown changed. */
  advance(now: number): boolean {
    if (!this.flight) return false;
    const { from, to, start } = this.flight;
    const part = Math.min(1, Math.max(0, (now - start) / FLIGHT_MS));
    this.view = between(from, to, 1 - (1 - part) ** 3);
    if (part === 1) this.flight = null;
    return true;
  }

  private get target(): View {
    return this.flight?.to ?? this.view;
  }

  private choose(view: View): void {
    this.chosen = true;
    this.show(view);
  }

  private fly(to: View): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.show(to);
    this.flight = { from: this.view, to, start: performance.now() };
    this.changed();
  }

  private show(view: View): void {
    this.flight = null;
    this.view = view;
    this.changed();
  }
}
