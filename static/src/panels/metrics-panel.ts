// `<metrics-panel>`: charts of the run, and the figures of each routine.
import { type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { JobReading, Metrics } from "../live/job-reading.ts";
import type { JobStore } from "../live/store.ts";
import type { JobView } from "../live/view.ts";
import { duration, number, rate } from "../parts/format.ts";
import { StoreElement } from "../parts/store-element.ts";
import { type Curve, curveColor } from "../parts/time-chart.ts";
import "../parts/time-chart.ts";
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
import "./figures-table.ts";
import { awaitedRows } from "../parts/bones.ts";

/** Charts and table are drawn at most so often, ms. */
const REDRAW_MS = 250;
/** The tracker is asked so often, ms; what it says of single routines comes with the frames. */
const ASK_MS = 5000;

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
  @property({ attribute: false }) reading: JobReading | null = null;
  @state() private metrics: Metrics | null = null;
  private version = 0;
  private timer = 0;

  protected listen(store: JobStore, signal: AbortSignal): void {
    const ask = (): void => void this.ask(store, signal);
    const asking = setInterval(
      () => store.connection === "live" && store.state?.job.status === "running" && ask(),
      ASK_MS,
    );
    signal.addEventListener("abort", () => clearInterval(asking));
    store.on("change", ({ detail }) => this.changed(detail.job ? ask : () => {}), signal);
    store.on("selectionchange", () => this.redraw(), signal);
    ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.timer = 0;
  }

  private changed(ask: () => void): void {
    ask();
    this.timer ||= window.setTimeout(() => this.redraw(), REDRAW_MS);
  }

  /** What cannot be read is left as it was: the table has all but these few words from the frames. */
  private async ask({ jobId }: JobStore, signal: AbortSignal): Promise<void> {
    this.metrics = await (this.reading?.metrics(jobId, signal).catch(() => this.metrics) ?? null);
  }

  private redraw(): void {
    this.timer = 0;
    this.version++;
    this.requestUpdate();
  }

  protected override render() {
    const view = this.store?.state;
    if (!view) return awaitedRows();
    const shown = busiest(view.series, Object.keys(view.routines));
    return html`<div class="metrics" tabindex="0" role="group" aria-label="Charts and figures">
      <div class="charts">${charts(view, shown).map((chart) => drawn(chart))}</div>
      <figures-table
        version=${this.version}
        .store=${this.store}
        .shown=${shown}
        .metrics=${this.metrics}
      ></figures-table>
    </div>`;
  }
}

function charts(view: JobView, shown: string[]): Chart[] {
  const { flow, job } = view;
  const series = thinned(view.series);
  const created = Date.parse(job.created_at);
  const failures = { points: errors(series, created), curves: [{ name: "errors", color: "--failed" }] };
  const last: Chart = { title: "Errors", note: "failed handler runs", ...failures, write: number, bars: true };
  if (shown.length === 0) return [...ofWhole(series, created, flow.max_workers), last];
  const some = shown.length < flow.routines.length ? ` · the ${shown.length} busiest routines` : "";
  const curves = shown.map((name, index) => ({ name, color: curveColor(index) }));
  const [speed, depth, times] = [throughput, queueDepth, meanDuration].map((f) => f(series, created, shown));
  return [
    { title: "Throughput", note: `handler runs a second${some}`, points: speed!, curves, write: rate },
    { title: "Queue depth", note: `messages waiting${some}`, points: depth!, curves, write: number },
    { title: "Handler time", note: `mean of each interval${some}`, points: times!, curves, write: duration },
    last,
  ];
}

/** Large flows have no figures of single routines in their series. */
function ofWhole(series: JobView["series"], created: number, workers: number): Chart[] {
  const one = (name: string): Curve[] => [{ name, color: curveColor(0) }];
  const events = throughput(series, created, []);
  const queued = queueDepth(series, created, []);
  const busy = busyWorkers(series, created);
  return [
    { title: "Events", note: "a second", points: events, curves: one("events"), write: rate },
    { title: "Queue depth", note: "messages waiting", points: queued, curves: one("queued"), write: number },
    { title: "Busy workers", note: `of ${workers}`, points: busy, curves: one("busy"), write: number },
  ];
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
