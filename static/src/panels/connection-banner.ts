// `<connection-banner>`: says in words that the page is not live, since when and what is done about it; and what
// was missed when it is back.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { LiveSocket } from "../live/socket.ts";
import type { WatchedStore } from "../live/watched.ts";
import { timeOfDay, wholeSeconds } from "../parts/format.ts";
import { StoreElement } from "../parts/store-element.ts";
import { Ticking } from "../parts/ticking.ts";
import { NOTHING_MISSED, type Standing, missedWords } from "./absence.ts";

/** A page that opens says nothing for so long while it connects. */
const PATIENCE_MS = 1500;
const CAUGHT_UP_MS = 8000;
/** A shorter absence in which nothing happened is not worth a word. */
const WORTH_MS = 1000;

/** Dispatches `trynow`. */
@customElement("connection-banner")
export class ConnectionBanner extends StoreElement<WatchedStore<unknown>> {
  @property({ attribute: false }) override store: WatchedStore<unknown> | null = null;
  @property({ attribute: false }) socket: LiveSocket | null = null;
  /** How far what is shown has come; what was missed is the difference. Null before anything came. */
  @property({ attribute: false }) standing: () => Standing | null = () => null;
  /** What the page shows is gone from the server: what to say in place of the reason it gave. */
  @property() gone = "";
  /** What is said of what was missed. */
  @state() private missed: string | null = null;

  protected readonly ticking = new Ticking(this, 500);
  private readonly openedAt = Date.now();
  /** How far it had come when the page stopped being live. */
  private stood: Standing | null = null;
  /** When the page stopped being live, or null while it is. */
  private awaySince: number | null = null;
  /** The page is live again and has not said yet what it missed. */
  private back = false;
  private timer = 0;

  protected listen(store: WatchedStore<unknown>, signal: AbortSignal): void {
    store.addEventListener("connectionchange", () => this.turned(store), { signal });
    store.addEventListener("change", () => this.changed(), { signal });
  }

  private turned(store: WatchedStore<unknown>): void {
    if (store.connection !== "live") this.leave();
    else if (this.awaySince !== null) this.cameBack(this.awaySince);
    this.requestUpdate();
  }

  private leave(): void {
    if (this.awaySince !== null) return;
    this.awaySince = Date.now();
    if (!this.back) this.stood = this.standing();
    this.back = false;
  }

  /** What was missed, if anything, is on the page with the next change. */
  private cameBack(since: number): void {
    const worth = Date.now() - since >= WORTH_MS;
    this.awaySince = null;
    this.back = this.stood !== null;
    clearTimeout(this.timer);
    if (this.back) this.timer = window.setTimeout(() => this.tell(worth ? NOTHING_MISSED : null), WORTH_MS);
  }

  private changed(): void {
    if (this.awaySince !== null || !this.back) return;
    const [before, now] = [this.stood, this.standing()];
    if (before && now && now.mark !== before.mark) this.tell(missedWords(before, now));
    this.back = false; // what comes from now on was not missed
  }

  private tell(missed: string | null): void {
    this.missed = missed;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.missed = null), CAUGHT_UP_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override render() {
    const { store } = this;
    const silent = !store || store.connection === "replay" || Date.now() - this.openedAt < PATIENCE_MS;
    const words = silent ? nothing : store.problem ? this.refused(store) : this.lost(store);
    return html`<div role="alert">${words}</div>
      <div aria-live="polite">
        ${store?.connection === "live" && this.missed !== null ? caughtUp(this.missed) : nothing}
      </div>`;
  }

  private refused(store: WatchedStore<unknown>): TemplateResult {
    const { problem } = store;
    const gone = problem?.status === 404 && this.gone;
    const moment = this.standing() === null ? "" : ` What you see is its last picture, of ${timeOfDay(store.now())}.`;
    return html`<div class="banner failed">
      <p><b>${gone ? "Gone." : `${problem?.title}.`}</b> ${gone ? this.gone : problem?.detail}${moment}</p>
      <a class="btn" href="/">All jobs</a>
    </div>`;
  }

  private lost(store: WatchedStore<unknown>): TemplateResult | typeof nothing {
    const { heardAt, retryAt, connected } = store.heard;
    if (store.connection === "live" || (connected && store.connection === "stale" && !this.slow(store))) return nothing;
    const heard =
      heardAt === null
        ? "The server has not answered yet."
        : `The server was last heard ${wholeSeconds(Date.now() - heardAt)} ago; what you see is of ${timeOfDay(store.now())}.`;
    return html`<div class="banner failed">
      <p><b>Not live.</b> <span aria-live="off">${heard} ${trying(connected, retryAt)}</span></p>
      <button type="button" class="btn" @click=${() => this.socket?.retryNow()}>Try now</button>
    </div>`;
  }

  /** A picture that is on its way after a gap needs no words; a server that does not answer does. */
  private slow(store: WatchedStore<unknown>): boolean {
    const { unansweredSince, pumpLag } = store.heard;
    return pumpLag > 0 || (unansweredSince !== null && Date.now() - unansweredSince > 1000);
  }
}

function trying(connected: boolean, retryAt: number | null): string {
  if (connected) return "It is slow to answer.";
  const wait = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
  return wait > 0 ? `Trying again in ${wait} s.` : "Trying again…";
}

function caughtUp(missed: string): TemplateResult {
  return html`<div class="banner completed">
    <p><b>Caught up.</b> ${missed}</p>
  </div>`;
}
