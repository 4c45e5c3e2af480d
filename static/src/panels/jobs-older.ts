// `<jobs-older>`: the end of the list of jobs: reads older ones when it comes into sight, or is pressed.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Reach } from "../live/older-jobs.ts";
import { button } from "../parts/button.ts";
import { LightElement } from "../parts/element.ts";
import { number } from "../parts/format.ts";

/** It counts as in sight when it is so near to the window, px. */
const NEAR = 300;
const SETTLE_MS = 80;

/** Dispatches `more`. */
@customElement("jobs-older")
export class JobsOlder extends LightElement {
  @property({ attribute: false }) reach: Reach | null = null;
  /** How many are known to be left. */
  @property({ type: Number }) left = 0;
  private observer: IntersectionObserver | null = null;
  private near = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer = new IntersectionObserver(([entry]) => this.seen(entry?.isIntersecting ?? false), {
      rootMargin: `${NEAR}px`,
    });
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer?.disconnect();
  }

  private seen(near: boolean): void {
    this.near = near;
    this.askWhileNear();
  }

  /** Still in sight with what came: more is wanted. The observer has its say first. */
  protected override updated(): void {
    if (this.near) setTimeout(() => this.askWhileNear(), SETTLE_MS);
  }

  private askWhileNear(): void {
    const { next, reading, error } = this.reach ?? { next: null, reading: false, error: null };
    if (this.near && this.isConnected && next !== null && !reading && error === null) this.ask();
  }

  private ask(): void {
    this.dispatchEvent(new CustomEvent("more"));
  }

  protected override render() {
    return html`<div class="older" aria-live="polite">${this.words()}</div>`;
  }

  private words(): TemplateResult | typeof nothing {
    const { reach } = this;
    if (!reach || (reach.next === null && !reach.reading)) return nothing;
    if (reach.error !== null) {
      return html`<span>Older jobs could not be read.</span> ${button({ name: "Read again" }, () => this.ask())}`;
    }
    if (reach.reading) return html`<span class="soft">Reading older jobs…</span>`;
    const left = this.left ? html`<span class="dim num">${number(this.left)} more</span>` : nothing;
    return html`${button({ name: "Older jobs" }, () => this.ask())} ${left}`;
  }
}
