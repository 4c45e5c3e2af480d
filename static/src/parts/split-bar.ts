// `<split-bar>`: the line between what is above and the dock below; dragged, or moved with the arrow keys.
import { html } from "lit";
import { customElement, property } from "lit/decorators.js";

import { LightElement } from "./element.ts";

const STEP = 24;

/** Dispatches `resize` with the wanted height of what is below, in pixels, within `min` and `max`. */
@customElement("split-bar")
export class SplitBar extends LightElement {
  /** Height of what is below. */
  @property({ type: Number }) value = 0;
  @property({ type: Number }) min = 0;
  @property({ type: Number }) max = 0;
  @property() label = "Height of the lower part";

  private want(value: number): void {
    const detail = Math.round(Math.min(this.max, Math.max(this.min, value)));
    this.dispatchEvent(new CustomEvent("resize", { detail }));
  }

  private pressed(event: PointerEvent): void {
    const bar = event.currentTarget as HTMLElement;
    const from = { y: event.clientY, value: this.value };
    const move = (moved: PointerEvent): void => this.want(from.value + from.y - moved.clientY);
    bar.setPointerCapture(event.pointerId);
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
  }

  private key(event: KeyboardEvent): void {
    const { value, min, max } = this;
    const wanted = { ArrowUp: value + STEP, ArrowDown: value - STEP, Home: max, End: min }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    this.want(wanted);
  }

  protected override render() {
    return html`<div
      class="split-bar"
      role="separator"
      tabindex="0"
      aria-orientation="horizontal"
      aria-label=${this.label}
      aria-valuenow=${this.value}
      aria-valuemin=${this.min}
      aria-valuemax=${this.max}
      @pointerdown=${this.pressed}
      @keydown=${this.key}
    ></div>`;
  }
}
