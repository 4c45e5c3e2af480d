// `<job-dock>`: what lies under the graph: history, shared log, outputs and metrics, one at a time.
import { type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { JobReading } from "../live/job-reading.ts";
import type { JobStore } from "../live/store.ts";
import type { JobView } from "../live/view.ts";
import { number, plural } from "../parts/format.ts";
import { StoreElement } from "../parts/store-element.ts";
import { type Tab, panelId, tabId, tabRow } from "../parts/tabs.ts";
import "./history-panel.ts";
import "./log-panel.ts";
import "./metrics-panel.ts";
import "./outputs-panel.ts";

export const DOCK_TABS = ["history", "log", "outputs", "metrics"] as const;
export type DockTab = (typeof DOCK_TABS)[number];

/** Titles with how many rows each has; `short` for narrow pages. */
export function dockTabs(view: JobView | null, short = false): Tab[] {
  const of = (total: number | undefined): { count?: string } => (total ? { count: number(total) } : {});
  return [
    { id: "history", title: "History", ...(short ? {} : of(view?.seq)), ...(view ? { hint: recordsWords(view) } : {}) },
    { id: "log", title: short ? "Log" : "Shared log", ...(short ? {} : of(view?.log.total)) },
    { id: "outputs", title: "Outputs", ...(short ? {} : of(view?.outputs.total)) },
    { id: "metrics", title: "Metrics" },
  ];
}

/** Why the history counts more than the header does. */
function recordsWords({ seq, job }: JobView): string {
  const others = seq - job.counts.events;
  const rest = others > 0 ? `, and ${number(others)} of starts, ends, errors and the like` : "";
  return `${plural(seq, "record")}: ${plural(job.counts.events, "event")}${rest}`;
}

/** The panel of a tab, as the tab's panel. */
export function dockPanel(tab: DockTab, store: JobStore | null, reading: JobReading | null, narrow: boolean): TemplateResult {
  const panels: { [tab in DockTab]: () => TemplateResult } = {
    history: () => html`<history-panel .store=${store} .reading=${reading} ?narrow=${narrow}></history-panel>`,
    log: () => html`<log-panel .store=${store} .reading=${reading} ?narrow=${narrow}></log-panel>`,
    outputs: () => html`<outputs-panel .store=${store} .reading=${reading} ?narrow=${narrow}></outputs-panel>`,
    metrics: () => html`<metrics-panel .store=${store} .reading=${reading}></metrics-panel>`,
  };
  return html`<div class="panel" role="tabpanel" id=${panelId(tab)} aria-labelledby=${tabId(tab)}>
    ${panels[tab]()}
  </div>`;
}

/** Dispatches `choose` with the id of a tab. */
@customElement("job-dock")
export class JobDock extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;
  @property({ attribute: false }) reading: JobReading | null = null;
  @property() tab: DockTab = "history";

  protected listen(store: JobStore, signal: AbortSignal): void {
    store.on("change", () => this.requestUpdate(), signal);
  }

  protected override render() {
    const choose = (detail: string): boolean => this.dispatchEvent(new CustomEvent("choose", { detail }));
    return html`<section class="dock" aria-label="Records and figures">
      ${tabRow("Records and figures", dockTabs(this.store?.state ?? null), this.tab, choose)}
      ${dockPanel(this.tab, this.store, this.reading, false)}
    </section>`;
  }
}
