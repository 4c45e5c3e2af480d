// `<live-badge>`: how fresh the page is, in the header of every page: "Live · 24 ms", "Stale · 5 s old", "Offline".
import { html } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { ConnectionState } from "../live/link.ts";
import type { WatchedStore } from "../live/watched.ts";
import { duration, wholeSeconds } from "../parts/format.ts";
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
    const { look, text, title } = this.store ? words(this.store) : NOTHING_LIVE;
    return html`<span class="live num" data-look=${look} title=${title}>${text}</span>`;
  }
}

interface Words {
  look: ConnectionState | "connecting";
  text: string;
  title: string;
}

const NOTHING_LIVE: Words = { look: "offline", text: "Not live", title: "This page shows nothing that changes." };
const CONNECTING: Words = { look: "connecting", text: "Connecting…", title: "The server has not answered yet." };
const TITLES: { [connection in ConnectionState]: string } = {
  live: "The way to the server and back",
  stale: "What you see may have changed since.",
  offline: "The server cannot be reached.",
  replay: "What happened then; nothing here changes.",
};

function words(store: WatchedStore<unknown>): Words {
  const { connection, heard, opened, problem } = store;
  const { rtt, heardAt, offset } = heard;
  if (!opened && !problem && connection !== "replay") return CONNECTING;
  // How old the picture is; the server itself may have been heard since.
  const old = heardAt === null || !opened ? "" : ` · ${wholeSeconds(Date.now() + offset - store.now())} old`;
  const way = rtt === null ? "" : ` · ${duration(Math.round(rtt))}`;
  const texts = { live: `Live${way}`, stale: `Stale${old}`, offline: `Offline${old}`, replay: "Recording" };
  return { look: connection, text: texts[connection], title: TITLES[connection] };
}
