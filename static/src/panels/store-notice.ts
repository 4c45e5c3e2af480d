// `<store-notice>`: says calmly what is not being kept of what the page shows; nothing while all is.
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { StoreHealth } from "../live/protocol.ts";
import { LightElement } from "../parts/element.ts";
import { icon } from "../parts/icon.ts";
import { storeWords } from "./store-words.ts";

const READ_KEY = "routilux.store-notice";

const missing = (health: StoreHealth | null): number => (health ? health.lost + health.thinned : 0);

@customElement("store-notice")
export class StoreNotice extends LightElement {
  @property({ attribute: false }) health: StoreHealth | null = null;
  /** The moment that the page is of, server's epoch ms. */
  @property({ type: Number }) now = 0;
  /** How many missing rows the reader has been told of and has put away. */
  @state() private read = Number(sessionStorage.getItem(READ_KEY) ?? 0);

  protected override render() {
    const { health } = this;
    const words = health && storeWords(health, this.now);
    const failing = health?.state === "failing";
    const told = !failing && missing(health) <= this.read;
    return html`<div role="status">
      ${
        words && !told
          ? html`<div class="banner paused" title=${health?.place || nothing}>
              ${icon("warning")}
              <p><b>${words.title}</b> ${words.text}</p>
              ${failing ? nothing : this.putAway()}
            </div>`
          : nothing
      }
    </div>`;
  }

  private putAway() {
    const act = (): void => {
      this.read = missing(this.health);
      sessionStorage.setItem(READ_KEY, String(this.read));
    };
    return html`<button type="button" class="btn compact quiet" aria-label="Put away" title="Put away" @click=${act}>
      ${icon("x")}
    </button>`;
  }
}
