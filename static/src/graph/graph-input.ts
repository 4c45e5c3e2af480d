// What the reader does to the graph with pointer and keyboard.
import type { Selection } from "../live/selection.ts";
import { Gestures } from "./gestures.ts";
import type { GraphStage } from "./graph-stage.ts";
import type { Layout } from "./layout.ts";
import { isArrow, walk } from "./walk.ts";

/** A press of + or − zooms by this. */
export const ZOOM_STEP = 1.3;

export interface GraphInputHandlers {
  select(selection: Selection | null): void;
  /** The pointer is over something else now; `x`, `y` on the stage, px. */
  point(pointed: Selection | null, x: number, y: number): void;
  layout(): Layout | null;
}

/** Listens to the stage until `signal` aborts. */
export class GraphInput {
  constructor(
    private readonly stage: GraphStage,
    private readonly handlers: GraphInputHandlers,
    signal: AbortSignal,
  ) {
    const { element, camera } = stage;
    new Gestures(
      element,
      {
        move: (dx, dy) => this.whileMoving(() => camera.move(dx, dy)),
        zoom: (factor, x, y) => this.whileMoving(() => camera.zoom(factor, x, y)),
        rest: () => (stage.moving = false),
      },
      signal,
    );
    element.addEventListener("click", (event) => handlers.select(this.under(event)), { signal });
    element.addEventListener("dblclick", (event) => this.approach(event), { signal });
    element.addEventListener("pointermove", (event) => this.hover(event), { signal });
    element.addEventListener("pointerleave", () => handlers.point(null, 0, 0), { signal });
    element.addEventListener("keydown", (event) => this.key(event), { signal });
    element.addEventListener("focusin", (event) => this.focused(event), { signal });
    element.addEventListener("focusout", () => stage.outline(null), { signal });
  }

  private whileMoving(move: () => void): void {
    this.stage.moving = true;
    move();
  }

  /** What is under the pointer: a card, a tile, a connection or nothing. */
  private under(event: MouseEvent): Selection | null {
    const target = event.target instanceof Element ? event.target : null;
    const card = target?.closest<HTMLElement>("[data-card]")?.dataset["card"] ?? routineOf(target);
    const { x, y } = this.onStage(event);
    const routine = card ?? this.stage.tileAt(x, y);
    if (routine) return { kind: "routine", id: routine };
    const connection = target?.closest<HTMLElement>("[data-label]")?.dataset["label"] ?? this.stage.connectionAt(x, y);
    return connection ? { kind: "connection", id: connection } : null;
  }

  private onStage(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.stage.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private hover(event: PointerEvent): void {
    if (event.pointerType === "touch" || event.buttons) return;
    const { x, y } = this.onStage(event);
    this.handlers.point(this.under(event), x, y);
  }

  private approach(event: MouseEvent): void {
    const under = this.under(event);
    const { x, y } = this.onStage(event);
    const box = under?.kind === "routine" ? this.stage.boxOf(under.id) : undefined;
    if (box) this.stage.camera.approach(box);
    else if (!under) this.stage.camera.zoom(ZOOM_STEP ** 2, x, y);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.obey(event.key, routineOf(event.target))) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Does what `key` asks while the focus is on routine `at`. False: it asks nothing. */
  private obey(key: string, at: string | null): boolean {
    const { camera } = this.stage;
    if (key === "Escape") this.handlers.select(null);
    else if (key === "+" || key === "=") camera.step(ZOOM_STEP);
    else if (key === "-") camera.step(1 / ZOOM_STEP);
    else if (key === "0") camera.fit();
    else if ((key === "Enter" || key === " ") && at) this.handlers.select({ kind: "routine", id: at });
    else if (isArrow(key) && at) this.walkTo(walk(this.handlers.layout(), at, key));
    else return false;
    return true;
  }

  private walkTo(id: string | null): void {
    if (id) this.stage.focus(id);
  }

  private focused(event: FocusEvent): void {
    const id = routineOf(event.target);
    if (!id || !(event.target as Element).matches(":focus-visible")) return;
    this.stage.outline(id);
    const box = this.stage.boxOf(id);
    if (box) this.stage.camera.reveal(box);
  }
}

function routineOf(target: EventTarget | null): string | null {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-routine]") : null;
  return element?.dataset["routine"] ?? null;
}
