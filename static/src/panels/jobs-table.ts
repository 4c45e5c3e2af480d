// `<jobs-table>`: one row for each job, live; only the rows in sight are drawn. A row leads to its job.
import { type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { Api } from "../live/api.ts";
import type { ConnectionState } from "../live/link.ts";
import type { JobSummary } from "../live/protocol.ts";
import { LightElement } from "../parts/element.ts";
import { ago, clock, count, fullTime, number, rate, shortId, shortNumber } from "../parts/format.ts";
import "../parts/sparkline.ts";
import { statusMark } from "../parts/status.ts";
import "./job-controls.ts";
import { elapsed, elapsedInUnits, headline } from "./job-words.ts";
import { rowsAt } from "../parts/windowing.ts";
import { styled } from "../parts/styled.ts";

const MARGIN_ROWS = 8;
/** Scrolling draws anew only every so many rows. */
const STEP_ROWS = 4;
const COLUMNS = ["Status", "Job", "Activity", "Events", "Rate", "Errors", "Queued", "Elapsed", "Started", "Where"];

@customElement("jobs-table")
export class JobsTable extends LightElement {
  @property({ attribute: false }) jobs: JobSummary[] = [];
  @property({ attribute: false }) api: Api | null = null;
  @property() connection: ConnectionState = "offline";
  /** The moment that the list is of, server's epoch ms. */
  @property({ type: Number }) now = 0;
  @property({ type: Number, attribute: "row-height" }) rowHeight = 45;

  private drawn = { first: 0, end: 0 };
  /** Rows that came above what is in sight, which stays where it is. */
  private above = 0;
  private readonly moved = (): void => {
    const { first, end } = this.visible;
    if (first !== this.drawn.first || end !== this.drawn.end) this.requestUpdate();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("scroll", this.moved, { passive: true });
    addEventListener("resize", this.moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("scroll", this.moved);
    removeEventListener("resize", this.moved);
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get("jobs") as JobSummary[] | undefined;
    const first = Math.ceil(-this.top / this.rowHeight);
    const known = first > 0 ? before?.[first]?.job_id : undefined;
    this.above = known === undefined ? 0 : this.jobs.findIndex(({ job_id: id }) => id === known) - first;
  }

  protected override updated(): void {
    if (this.above > 0) scrollBy({ top: this.above * this.rowHeight, behavior: "instant" });
  }

  /** Where the first row is, seen from the top of the window, px. */
  private get top(): number {
    return this.hasUpdated ? (this.querySelector(".job-rows")?.getBoundingClientRect().top ?? 0) : 0;
  }

  /** Rows of the page that are in sight, and some more. */
  private get visible(): { first: number; end: number } {
    const { top } = this;
    const extent = { rows: this.jobs.length, rowHeight: this.rowHeight, viewport: innerHeight };
    const inSight = rowsAt(-top, extent, MARGIN_ROWS);
    const end = Math.ceil(inSight.end / STEP_ROWS) * STEP_ROWS;
    return { first: inSight.first - (inSight.first % STEP_ROWS), end: Math.min(extent.rows, end) };
  }

  protected override render() {
    const { first, end } = (this.drawn = this.visible);
    const above = { height: `${first * this.rowHeight}px` };
    const below = { height: `${Math.max(0, this.jobs.length - end) * this.rowHeight}px` };
    return html`<div class="jobs" role="table" aria-label="Jobs" aria-rowcount=${this.jobs.length + 1}>
      <div class="jobs-head" role="row" aria-rowindex="1">
        ${COLUMNS.map((title) => html`<span role="columnheader" class="${title.toLowerCase()}-head">${title}</span>`)}
        <span role="columnheader" class="acts"><span class="sr-only">Controls</span></span>
      </div>
      <div class="job-rows" role="rowgroup">
        <div role="presentation" ${styled(above)}></div>
        ${repeat(
          this.jobs.slice(first, end),
          (job) => job.job_id,
          (job, index) => this.row(job, first + index),
        )}
        <div role="presentation" ${styled(below)}></div>
      </div>
    </div>`;
  }

  private row(job: JobSummary, index: number): TemplateResult {
    const { tone, word } = headline(job);
    const { counts } = job;
    const pace = job.status === "lost" ? 0 : job.rate;
    return html`<div
      class="job-row ${tone}"
      role="row"
      aria-rowindex=${index + 2}
      data-job=${job.job_id}
      data-status=${job.status}
    >
      <span role="cell" class="status-cell">${statusMark(tone, word)}</span>
      <span role="cell" class="job-cell" title="${job.flow_id} ${job.job_id}">
        <a href="/jobs/${encodeURIComponent(job.job_id)}"
          ><b>${job.flow_id}</b> <span class="mono dim">${shortId(job.job_id)}</span></a
        >
      </span>
      <span role="cell" class="activity"><spark-line .values=${job.activity} width="90" height="18"></spark-line></span>
      ${figure("events", "", counts.events, shortNumber(counts.events, 1e7))}
      <span role="cell" class="rate num ${pace > 0 ? "soft" : "dim"}">${rate(pace)}</span>
      ${figure("errors", counts.errors ? "bad" : "dim", counts.errors, count(counts.errors))}
      ${figure("queued", "soft", counts.queued, count(counts.queued))}
      <span role="cell" class="elapsed num soft" title=${clock(elapsed(job, this.now))}>
        ${elapsedInUnits(job, this.now)}
      </span>
      <span role="cell" class="started dim" title=${fullTime(job.created_at)}>
        ${ago(this.now - Date.parse(job.created_at))}
      </span>
      <span role="cell" class="where dim" title=${job.origin}>${job.origin || "–"}</span>
      <span role="cell" class="acts">
        <job-controls compact .job=${job} .api=${this.api} connection=${this.connection}></job-controls>
      </span>
    </div>`;
  }
}

/** A number in the room that its column has; the exact one on hover where it is not that already. */
function figure(name: string, tone: string, value: number, seen: string): TemplateResult {
  const exact = number(value);
  const title = seen === exact || value === 0 ? nothing : exact;
  return html`<span role="cell" class="${name} num ${tone}" title=${title}>${seen}</span>`;
}
