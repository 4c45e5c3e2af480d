// `<live-badge>`: how fresh the page is, in the header of every page: "Live · 24 ms", "Stale · 5 s old", "Offline";
// "Connected · 24 ms" where nothing lives any more: the job has ended, or is lost.
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
  /** Why what the page shows does not live though the line to the server does, or null. */
  @property({ attribute: false }) still: () => string | null = () => null;
  protected readonly ticking = new Ticking(this, 1000);

  protected listen(store: WatchedStore<unknown>, signal: AbortSignal): void {
    store.addEventListener("connectionchange", () => this.requestUpdate(), { signal });
    store.addEventListener("change", () => this.still() !== this.shown && this.requestUpdate(), { signal });
  }

  private shown: string | null = null;

  protected override render() {
    this.shown = this.still();
    const { look, text, title } = this.store ? words(this.store, this.shown) : NOTHING_LIVE;
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

function words(store: WatchedStore<unknown>, still: string | null): Words {
  const { connection, heard, opened, problem } = store;
  const { rtt, heardAt, offset } = heard;
  if (!opened && !problem && connection !== "replay") return CONNECTING;
  // How old the picture is; the server itself may have been heard since.
  const old = heardAt === null || !opened ? "" : ` · ${wholeSeconds(Date.now() + offset - store.now())} old`;
  const way = rtt === null ? "" : ` · ${duration(Math.round(rtt))}`;
  const texts = { live: `${still ? "Connected" : "Live"}${way}`, stale: `Stale${old}`, offline: `Offline${old}`, replay: "Recording" };
  const title = connection === "live" && still ? `${still} ${TITLES.live}.` : TITLES[connection];
  return { look: connection, text: texts[connection], title };
}
