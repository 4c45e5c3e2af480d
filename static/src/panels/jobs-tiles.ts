// `<jobs-tiles>`: how things stand in five figures, each of them a filter of the list below.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";

import type { JobsView } from "../live/jobs-store.ts";
import type { JobSummary } from "../live/protocol.ts";
import type { JobStatus } from "../live/view.ts";
import { LightElement } from "../parts/element.ts";
import { ago, number, rate, wholeSeconds } from "../parts/format.ts";
import "../parts/sparkline.ts";
import { countByStatus, toggled } from "./job-filter.ts";
import { endedByHour, longestPause, newestSilence, total, underWayLastHour } from "./job-tallies.ts";

interface Tile {
  title: string;
  value: string;
  tone: JobStatus | "accent";
  statuses: JobStatus[];
  /** A curve or a short text beside the value. */
  beside: TemplateResult | string;
}

/** Dispatches `choose` with the statuses to be shown. */
@customElement("jobs-tiles")
export class JobsTiles extends LightElement {
  @property({ attribute: false }) view: JobsView | null = null;
  /** All jobs that are known. */
  @property({ attribute: false }) jobs: JobSummary[] = [];
  /** Statuses of which there may be more jobs of the last day than those. */
  @property({ attribute: false }) partial: ReadonlySet<JobStatus> = new Set();
  /** The moment that the list is of, server's epoch ms. */
  @property({ type: Number }) now = 0;
  @property({ attribute: false }) chosen: ReadonlySet<JobStatus> = new Set();

  protected override render() {
    const { view } = this;
    return html`<section class="tiles num" aria-label="All jobs" aria-busy=${view ? nothing : "true"}>
      ${view ? this.tiles(view).map((tile) => this.tile(tile)) : awaited()}
    </section>`;
  }

  private tiles(view: JobsView): Tile[] {
    const { jobs } = this;
    const counts = countByStatus(jobs);
    const failed = endedByHour(jobs, "failed", this.now);
    const completed = endedByHour(jobs, "completed", this.now);
    const paused = longestPause(jobs, this.now);
    const running = (counts.get("running") ?? 0) + (counts.get("pending") ?? 0);
    return [
      {
        title: "Running",
        value: number(running),
        tone: "running",
        statuses: ["pending", "running"],
        beside: curve(underWayLastHour(jobs, this.now), "line", "Jobs under way in the last hour"),
      },
      {
        title: "Paused",
        value: number(counts.get("paused") ?? 0),
        tone: "paused",
        statuses: ["paused"],
        beside: paused === null ? "" : `longest ${wholeSeconds(paused)}`,
      },
      ...this.lost(jobs, counts.get("lost") ?? 0),
      {
        title: "Failed, 24 h",
        value: this.ofTheDay("failed", failed),
        tone: "failed",
        statuses: ["failed"],
        beside: curve(failed, "bars", "Failed jobs by hour"),
      },
      {
        title: "Completed, 24 h",
        value: this.ofTheDay("completed", completed),
        tone: "completed",
        statuses: ["completed"],
        beside: curve(completed, "bars", "Completed jobs by hour"),
      },
      {
        title: "Events",
        value: rate(view.rate) === "–" ? "0/s" : rate(view.rate),
        tone: "accent",
        statuses: ["running"],
        beside: curve(view.activity, "line", "Events in the last 20 seconds"),
      },
    ];
  }

  private ofTheDay(status: JobStatus, byHour: readonly number[]): string {
    return number(total(byHour)) + (this.partial.has(status) ? "+" : "");
  }

  /** A tile of what is lost, which is there only when something is. */
  private lost(jobs: JobSummary[], count: number): Tile[] {
    if (!count) return [];
    const silent = newestSilence(jobs, this.now);
    const beside = silent === null ? "" : `newest ${ago(silent)}`;
    return [{ title: "Lost", value: number(count), tone: "lost", statuses: ["lost"], beside }];
  }

  private tile({ title, value, tone, statuses, beside }: Tile): TemplateResult {
    const chosen = toggled(this.chosen, statuses).size === 0;
    const choose = (): boolean =>
      this.dispatchEvent(new CustomEvent("choose", { detail: toggled(this.chosen, statuses) }));
    return html`<button
      type="button"
      class=${classMap({ tile: true, [tone]: true, nothing: value === "0" })}
      aria-pressed=${chosen ? "true" : "false"}
      @click=${choose}
    >
      <span class="tile-title">${title}</span>
      <span class="tile-figure"><b>${value}</b> <span class="beside">${beside}</span></span>
    </button>`;
  }
}

function awaited(): TemplateResult[] {
  return [1, 2, 3, 4, 5].map(() => html`<div class="tile"><i class="bone"></i></div>`);
}

function curve(values: readonly number[], kind: "line" | "bars", title: string): TemplateResult {
  return html`<spark-line title=${title} .values=${values} kind=${kind} width="84" height="26"></spark-line>`;
}
