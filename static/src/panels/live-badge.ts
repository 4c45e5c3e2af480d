// `<live-badge>`: how fresh the page is, in the header of every page: "Live · 24 ms", "Stale · 5 s old", "Offline".
import { html } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { WatchedStore } from "../live/watched.ts";
import { duration } from "../parts/format.ts";
import { StoreElement } from "../parts/store-element.ts";
import { Ticking } from "../parts/ticking.ts";

@customElement("live-badge")
export class LiveBadge extends StoreElement<WatchedStore<unknown>> {
  @property({ attribute: false }) override store: WatchedStore<unknown> | null = null;
  protected readonly ticking = new Ticking(this, 1000);

  protected listen(store: WatchedStore<unknown>, signal: AbortSignal): void {
    store.addEventListener("connectionchange", () => this.requestUpdate(), { signal });
  }

  protected override render() {
    const { word, detail, title } = this.words();
    return html`<span class="live" data-connection=${this.store?.connection ?? "offline"} title=${title}
      ><span class="num">${detail ? `${word} · ${detail}` : word}</span></span
    >`;
  }

  private words(): { word: string; detail: string; title: string } {
    const { store } = this;
    if (!store) return { word: "Not live", detail: "", title: "This page shows nothing that changes." };
    const { rtt, heardAt } = store.heard;
    const age = heardAt === null ? "" : `${duration(Math.floor((Date.now() - heardAt) / 1000) * 1000)} old`;
    switch (store.connection) {
      case "live":
        return {
          word: "Live",
          detail: rtt === null ? "" : duration(Math.round(rtt)),
          title: "The way to the server and back",
        };
      case "stale":
        return { word: "Stale", detail: age, title: "The server is slow to answer; what you see may have changed." };
      case "offline":
        return heardAt === null
          ? { word: "Connecting…", detail: "", title: "The server has not answered yet." }
          : { word: "Offline", detail: age, title: "The server cannot be reached." };
    }
  }
}
