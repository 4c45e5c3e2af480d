// `<metrics-panel>`: charts of the run, and the figures of each routine in a table that is their legend too.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { RoutineFigures } from "../live/protocol.ts";
import type { JobStore } from "../live/store.ts";
import type { JobView } from "../live/view.ts";
import { count, duration, number, percent, rate } from "../parts/format.ts";
import { StoreElement } from "../parts/store-element.ts";
import { statusMark } from "../parts/status.ts";
import "../parts/time-chart.ts";
import type { Curve } from "../parts/time-chart.ts";
import {
  type ChartPoints,
  busiest,
  busyWorkers,
  errors,
  meanDuration,
  queueDepth,
  thinned,
  throughput,
} from "./chart-points.ts";
import { styled } from "../parts/styled.ts";

/** Charts and table are drawn at most so often, ms. */
const REDRAW_MS = 250;

interface Chart {
  title: string;
  note: string;
  points: ChartPoints;
  curves: Curve[];
  write: (value: number) => string;
  bars?: boolean;
}

@customElement("metrics-panel")
export class MetricsPanel extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;
  private timer = 0;

  protected listen(store: JobStore, signal: AbortSignal): void {
    store.on("change", () => (this.timer ||= window.setTimeout(() => this.redraw(), REDRAW_MS)), signal);
    store.on("selectionchange", () => this.requestUpdate(), signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.timer = 0;
  }

  private redraw(): void {
    this.timer = 0;
    this.requestUpdate();
  }

  protected override render() {
    const view = this.store?.state;
    if (!view) return html`<div class="panel-wait" aria-busy="true"></div>`;
    const shown = busiest(view.series, Object.keys(view.routines));
    return html`<div class="metrics" tabindex="0" role="group" aria-label="Charts and figures">
      <div class="charts">${charts(view, shown).map((chart) => drawn(chart))}</div>
      ${this.table(view, shown)}
    </div>`;
  }

  private table(view: JobView, shown: string[]): TemplateResult {
    return html`<table class="figures num">
      <caption class="sr-only">
        Figures of each routine
      </caption>
      <thead>
        <tr>
          <th scope="col">Routine</th>
          <th scope="col">Status</th>
          ${["Executions", "Success rate", "Errors", "Retries", "Queued", "Average", "Min", "Max", "p50", "p95"].map(
            (title) => html`<th scope="col" class="right">${title}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${view.flow.routines.map(({ routine_id: id }) => {
          const figures = view.routines[id];
          return figures ? this.row(id, figures, shown.indexOf(id)) : nothing;
        })}
      </tbody>
    </table>`;
  }

  private row(id: string, figures: RoutineFigures, color: number): TemplateResult {
    const runs = figures.done + figures.errors;
    const cells = [
      number(runs),
      percent(runs ? figures.done / runs : null),
      count(figures.errors),
      count(figures.retries),
      count(figures.queued),
      ...[figures.avg_ms, figures.min_ms, figures.max_ms, figures.p50_ms, figures.p95_ms].map(duration),
    ];
    const selected = this.store?.selection?.kind === "routine" && this.store.selection.id === id;
    return html`<tr class=${selected ? "selected" : ""}>
      <th scope="row">
        <i class="swatch" ${styled({ "--c": color < 0 ? "" : `var(${seriesColor(color)})` })}></i>
        <button type="button" class="link plain" @click=${() => this.store?.select({ kind: "routine", id })}>
          ${id}
        </button>
      </th>
      <td>${statusMark(figures.status, figures.status)}</td>
      ${cells.map((cell, index) => html`<td class="right ${index === 2 && figures.errors ? "bad" : ""}">${cell}</td>`)}
    </tr>`;
  }
}

function seriesColor(index: number): string {
  return `--series-${index + 1}`;
}

function charts({ series: all, job, flow }: JobView, shown: string[]): Chart[] {
  const series = thinned(all);
  const created = Date.parse(job.created_at);
  const curves = shown.length ? shown.map((name, index) => ({ name, color: seriesColor(index) })) : whole("all");
  const some = shown.length && shown.length < flow.routines.length ? `the ${shown.length} busiest routines` : "";
  const timed = shown.length > 0;
  return [
    {
      title: timed ? "Throughput" : "Events",
      note: join(timed ? "handler runs a second" : "a second", some),
      points: throughput(series, created, shown),
      curves,
      write: rate,
    },
    {
      title: "Queue depth",
      note: join("messages waiting", some),
      points: queueDepth(series, created, shown),
      curves,
      write: number,
    },
    timed
      ? {
          title: "Handler time",
          note: join("mean of each interval", some),
          points: meanDuration(series, created, shown),
          curves,
          write: duration,
        }
      : {
          title: "Busy workers",
          note: `of ${flow.max_workers}`,
          points: busyWorkers(series, created),
          curves: whole("busy"),
          write: number,
        },
    {
      title: "Errors",
      note: "failed handler runs",
      points: errors(series, created),
      curves: [{ name: "errors", color: "--failed" }],
      write: number,
      bars: true,
    },
  ];
}

function whole(name: string): Curve[] {
  return [{ name, color: seriesColor(0) }];
}

function join(...notes: string[]): string {
  return notes.filter(Boolean).join(" · ");
}

function drawn({ title, note, points, curves, write, bars = false }: Chart): TemplateResult {
  return html`<figure class="chart">
    <figcaption><b>${title}</b> <span class="dim">${note}</span></figcaption>
    <time-chart
      name="${title}, ${note}"
      .points=${[points.times, ...points.curves]}
      .curves=${curves}
      .write=${write}
      ?counts=${write === number}
      ?bars=${bars}
    ></time-chart>
  </figure>`;
}
