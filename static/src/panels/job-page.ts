// `<job-page job-id="…">`: the page of one job. Wide: graph, inspector and dock; narrow: one of them at a time.
import { type LitElement, type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import "../graph/flow-graph.ts";
import type { Api } from "../live/api.ts";
import type { JobReading } from "../live/job-reading.ts";
import type { LiveSocket } from "../live/socket.ts";
import type { JobStore } from "../live/store.ts";
import { shortId } from "../parts/format.ts";
import { icon } from "../parts/icon.ts";
import "../parts/split-bar.ts";
import { StoreElement } from "../parts/store-element.ts";
import { type Tab, panelId, tabId, tabRow } from "../parts/tabs.ts";
import { type Standing, standingOfJob } from "./absence.ts";
import "./connection-banner.ts";
import { DOCK_TABS, type DockTab, dockPanel, dockTabs } from "./job-dock.ts";
import "./job-header.ts";
import { type JobControls } from "./job-controls.ts";
import { headline } from "./job-words.ts";
import { keptHeight, keepHeight } from "./dock-height.ts";
import type { HistoryPanel } from "./history-panel.ts";
import "./routine-inspector.ts";
import "./routine-list.ts";
import "./store-notice.ts";
import { styled } from "../parts/styled.ts";

type PageTab = DockTab | "graph" | "routines";

const NARROW = matchMedia("(max-width: 720px)");
const LEAST_DOCK = 120;
const LEAST_STAGE = 160;

@customElement("job-page")
export class JobPage extends StoreElement<JobStore> {
  @property({ attribute: "job-id" }) jobId = "";
  @property({ attribute: false }) override store: JobStore | null = null;
  /** What controls ask; a recording has none. */
  @property({ attribute: false }) api: Api | null = null;
  @property({ attribute: false }) reading: JobReading | null = null;
  @property({ attribute: false }) socket: LiveSocket | null = null;
  @state() private narrow = NARROW.matches;
  @state() private tab: PageTab = tabInAddress() ?? (NARROW.matches ? "routines" : "history");
  @state() private dockHeight = keptHeight();
  @query("job-controls") private controls!: JobControls | null;

  protected listen(store: JobStore, signal: AbortSignal): void {
    NARROW.addEventListener("change", () => (this.narrow = NARROW.matches), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    addEventListener("resize", () => this.requestUpdate(), { signal });
    store.on("change", ({ detail }) => (detail.job || this.bottomControls) && this.requestUpdate(), signal);
    store.on("connectionchange", () => this.requestUpdate(), signal);
    store.on("selectionchange", () => this.requestUpdate(), signal);
    this.socket?.addEventListener("store", () => this.requestUpdate(), { signal });
  }

  protected override updated(_changed: PropertyValues): void {
    const job = this.store?.state?.job;
    if (job) document.title = `${headline(job).word} · ${job.flow_id} ${shortId(job.job_id)} · Routilux`;
  }

  protected override render() {
    return this.narrow ? this.asNarrow() : this.asWide();
  }

  private get bottomControls(): boolean {
    return this.narrow;
  }

  private asWide(): TemplateResult {
    const { store, api } = this;
    const most = Math.max(LEAST_DOCK, innerHeight - 160 - LEAST_STAGE);
    const height = Math.min(most, Math.max(LEAST_DOCK, this.dockHeight));
    const tab = isDockTab(this.tab) ? this.tab : "history";
    return html`<div class="job">
      <job-header .store=${store} .api=${api}></job-header>
      ${this.banner()}
      <div class="stage">
        <section class="graph-room" aria-label="Flow graph"><flow-graph .store=${store}></flow-graph></section>
        ${this.inspector()}
      </div>
      <split-bar
        value=${height}
        min=${LEAST_DOCK}
        max=${most}
        label="Height of records and figures"
        @resize=${(event: CustomEvent<number>) => this.resizeDock(event.detail)}
      ></split-bar>
      <job-dock
        ${styled({ height: `${height}px` })}
        .store=${store}
        .reading=${this.reading}
        tab=${tab}
        @choose=${(event: CustomEvent<PageTab>) => this.choose(event.detail)}
      ></job-dock>
    </div>`;
  }

  private asNarrow(): TemplateResult {
    const { store, reading, tab } = this;
    const tabs: Tab[] = [
      { id: "graph", title: "Graph" },
      { id: "routines", title: "Routines" },
      ...dockTabs(store?.state ?? null, true),
    ];
    return html`<div class="job narrow">
      ${this.banner()}
      <job-header .store=${store} bare></job-header>
      ${tabRow("Parts of the job", tabs, tab, (id) => this.choose(id as PageTab))}
      ${isDockTab(tab) ? dockPanel(tab, store, reading, true) : this.graphPanel(tab)} ${this.inspector()}
      ${store?.connection === "replay" ? nothing : this.bottomBar()}
    </div>`;
  }

  private bottomBar(): TemplateResult {
    const { store, api } = this;
    return html`<div class="bottom-bar">
      <job-controls
        .job=${store?.state?.job ?? null}
        .api=${api}
        connection=${store?.connection ?? "offline"}
        ?gone=${store?.problem != null}
      ></job-controls>
    </div>`;
  }

  private graphPanel(tab: "graph" | "routines"): TemplateResult {
    const content =
      tab === "graph"
        ? html`<flow-graph .store=${this.store}></flow-graph>`
        : html`<routine-list .store=${this.store}></routine-list>`;
    return html`<div class="panel ${tab}" role="tabpanel" id=${panelId(tab)} aria-labelledby=${tabId(tab)}>
      ${content}
    </div>`;
  }

  private banner(): TemplateResult {
    return html`<connection-banner
      .store=${this.store}
      .socket=${this.socket}
      .standing=${() => standing(this.store)}
      gone="This job is not on the server any more: the server was started anew, or has dropped it to make room."
    ></connection-banner>
    <store-notice .health=${this.socket?.store ?? null} now=${this.store?.now() ?? 0}></store-notice>`;
  }

  /** Beside the graph; over it on smaller pages, where it is there while something is selected. */
  private inspector(): TemplateResult {
    const selected = this.store?.selection != null;
    return html`<aside
      class="side"
      aria-label="Inspector"
      ?data-selected=${selected}
      @show-record=${(event: CustomEvent<number>) => void this.showRecord(event.detail)}
    >
      ${
        selected
          ? html`<button
              type="button"
              class="btn compact quiet close-side"
              aria-label="Close inspector"
              @click=${() => this.store?.select(null)}
            >
              ${icon("x")}
            </button>`
          : nothing
      }
      <routine-inspector .store=${this.store}></routine-inspector>
    </aside>`;
  }

  private choose(tab: PageTab): void {
    this.tab = tab;
    const url = new URL(location.href);
    url.searchParams.set("tab", tab);
    history.replaceState(history.state, "", url);
  }

  /** Opens record `seq` in the history. */
  private async showRecord(seq: number): Promise<void> {
    this.choose("history");
    await this.updateComplete;
    await this.querySelector<LitElement>("job-dock")?.updateComplete;
    const panel = this.querySelector<HistoryPanel>("history-panel");
    await panel?.updateComplete;
    await panel?.open(seq);
  }

  private resizeDock(height: number): void {
    this.dockHeight = height;
    keepHeight(height);
  }

  /** Space pauses or resumes, unless it means something where the focus is. */
  private key(event: KeyboardEvent): void {
    const free = event.target === document.body || (event.target as Element | null)?.id === "main";
    if (event.key !== " " || !free || event.repeat || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.controls?.toggle();
  }
}

function standing(store: JobStore | null): Standing | null {
  return store?.state ? standingOfJob(store.state) : null;
}

function tabInAddress(): PageTab | null {
  const tab = new URLSearchParams(location.search).get("tab");
  return tab === "graph" || tab === "routines" || isDockTab(tab) ? tab : null;
}

function isDockTab(tab: string | null): tab is DockTab {
  return (DOCK_TABS as readonly (string | null)[]).includes(tab);
}
