// What hands do to the stage (drag, wheel, trackpad, pinch), told as moves and zooms.

export interface GestureHandlers {
  move(dx: number, dy: number): void;
  /** Zoom by `factor` around a point of the stage, px. */
  zoom(factor: number, x: number, y: number): void;
  /** The last finger or button is up, or the wheel has come to rest. */
  rest(): void;
}

/** A press that moves less than this is a click. */
const CLICK_SLACK = 4;
const WHEEL_REST_MS = 140;

/** Listens to `stage` until `signal` aborts. A drag that began on a card moves the graph and is no click. */
export class Gestures {
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private start: { x: number; y: number } | null = null;
  private dragging = false;
  private wheelTimer = 0;

  constructor(
    private readonly stage: HTMLElement,
    private readonly handlers: GestureHandlers,
    signal: AbortSignal,
  ) {
    const options = { signal };
    stage.addEventListener("pointerdown", (event) => this.down(event), options);
    stage.addEventListener("pointermove", (event) => this.track(event), options);
    stage.addEventListener("pointerup", (event) => this.up(event), options);
    stage.addEventListener("pointercancel", (event) => this.up(event), options);
    stage.addEventListener("click", (event) => this.click(event), { signal, capture: true });
    stage.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    signal.addEventListener("abort", () => clearTimeout(this.wheelTimer));
  }

  private down(event: PointerEvent): void {
    if (event.pointerType === "mouse" && event.button !== 0 && event.button !== 1) return;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.start = { x: event.clientX, y: event.clientY };
    if (this.fingers.size === 1) this.dragging = false;
  }

  private track(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId);
    if (!before || !this.start) return;
    if (!this.dragging && this.fingers.size === 1 && !this.farFromStart(event)) return;
    this.beginDrag(event);
    const after = { x: event.clientX, y: event.clientY };
    if (this.fingers.size === 1) this.handlers.move(after.x - before.x, after.y - before.y);
    else this.pinch(event.pointerId, before, after);
    this.fingers.set(event.pointerId, after);
  }

  private farFromStart({ clientX, clientY }: PointerEvent): boolean {
    return Math.hypot(clientX - this.start!.x, clientY - this.start!.y) > CLICK_SLACK;
  }

  private beginDrag(event: PointerEvent): void {
    if (this.dragging) return;
    this.dragging = true;
    this.stage.setPointerCapture(event.pointerId);
    this.stage.classList.add("dragging");
  }

  private pinch(id: number, before: { x: number; y: number }, after: { x: number; y: number }): void {
    const other = [...this.fingers].find(([finger]) => finger !== id)![1];
    const apart = (a: { x: number; y: number }): number => Math.hypot(a.x - other.x, a.y - other.y) || 1;
    const { left, top } = this.stage.getBoundingClientRect();
    const middle = { x: (after.x + other.x) / 2 - left, y: (after.y + other.y) / 2 - top };
    this.handlers.zoom(apart(after) / apart(before), middle.x, middle.y);
    this.handlers.move((after.x - before.x) / 2, (after.y - before.y) / 2);
  }

  private up(event: PointerEvent): void {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size > 0) return;
    this.stage.classList.remove("dragging");
    if (this.dragging) this.handlers.rest();
  }

  private click(event: MouseEvent): void {
    if (!this.dragging) return;
    this.dragging = false;
    event.stopPropagation();
    event.preventDefault();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.stage.getBoundingClientRect();
    const { deltaX, deltaY } = pixels(event);
    if (sideways(event)) this.handlers.move(-deltaX - (event.shiftKey ? deltaY : 0), event.shiftKey ? 0 : -deltaY);
    else this.handlers.zoom(wheelFactor(deltaY, event.ctrlKey), event.clientX - left, event.clientY - top);
    clearTimeout(this.wheelTimer);
    this.wheelTimer = window.setTimeout(() => this.handlers.rest(), WHEEL_REST_MS);
  }
}

const LINE_PX = 16;

function pixels(event: WheelEvent): { deltaX: number; deltaY: number } {
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
  return { deltaX: event.deltaX * unit, deltaY: event.deltaY * unit };
}

/** Two fingers that push sideways move the graph; up and down zooms, as a wheel does. */
function sideways(event: WheelEvent): boolean {
  return !event.ctrlKey && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY));
}

/** A notch of a wheel (100 px) zooms by a fifth; a pinch on a trackpad comes as small steps with Ctrl held. */
export function wheelFactor(deltaY: number, pinch: boolean): number {
  const step = Math.max(-120, Math.min(120, deltaY));
  return Math.exp(-step * (pinch ? 0.01 : 0.0018));
}
