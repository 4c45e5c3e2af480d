// `<figures-table>`: what the job's ExecutionTracker says of each routine and of the whole flow; the charts' legend too.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Metrics } from "../live/job-reading.ts";
import type { RoutineFigures } from "../live/protocol.ts";
import type { JobStore } from "../live/store.ts";
import type { JobView } from "../live/view.ts";
import { LightElement } from "../parts/element.ts";
import { count, duration, number, percent, plural } from "../parts/format.ts";
import { statusMark } from "../parts/status.ts";
import { styled } from "../parts/styled.ts";
import { curveColor } from "../parts/time-chart.ts";

const TITLES = ["Executions", "Success rate", "Errors", "Retries", "Queued", "Average", "Min", "Max", "p50", "p95"];

@customElement("figures-table")
export class FiguresTable extends LightElement {
  @property({ attribute: false }) store: JobStore | null = null;
  /** Routines that have a curve in the charts, in the order of their colours. */
  @property({ attribute: false }) shown: string[] = [];
  @property({ attribute: false }) metrics: Metrics | null = null;
  /** Grows when there is something new to show; the store's state is changed in place. */
  @property({ type: Number }) version = 0;

  protected override render() {
    const view = this.store?.state;
    if (!view) return nothing;
    return html`<table class="figures num">
        <caption class="sr-only">
          Figures of each routine
        </caption>
        <thead>
          <tr>
            <th scope="col">Routine</th>
            <th scope="col">Status</th>
            ${TITLES.map((title) => html`<th scope="col" class="right">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${view.flow.routines.map(({ routine_id: id }) => {
            const figures = view.routines[id];
            return figures ? this.row(id, figures) : nothing;
          })}
        </tbody>
        <tfoot>
          ${whole(view)}
        </tfoot>
      </table>
      ${this.metrics ? inWords(this.metrics) : nothing}`;
  }

  private row(id: string, figures: RoutineFigures): TemplateResult {
    const color = this.shown.indexOf(id);
    const selected = this.store?.selection?.kind === "routine" && this.store.selection.id === id;
    const select = (): void => this.store?.select({ kind: "routine", id });
    const times = [figures.avg_ms, figures.min_ms, figures.max_ms, figures.p50_ms, figures.p95_ms];
    return html`<tr class=${selected ? "selected" : ""}>
      <th scope="row">
        <i class="swatch" ${styled({ "--c": color < 0 ? "" : `var(${curveColor(color)})` })}></i>
        <button type="button" class="link plain" @click=${select}>${id}</button>
      </th>
      <td>${statusMark(figures.status, figures.status)}</td>
      ${counts(figures)} ${times.map((time) => html`<td class="right">${duration(time)}</td>`)}
    </tr>`;
  }
}

type Tally = Pick<RoutineFigures, "done" | "errors" | "retries" | "queued">;

function counts({ done, errors, retries, queued }: Tally): TemplateResult {
  const runs = done + errors;
  return html`<td class="right">${number(runs)}</td>
    <td class="right">${percent(runs ? done / runs : null)}</td>
    <td class="right ${errors ? "bad" : ""}">${count(errors)}</td>
    <td class="right">${count(retries)}</td>
    <td class="right">${count(queued)}</td>`;
}

function whole({ routines }: JobView): TemplateResult {
  const sum: Tally = { done: 0, errors: 0, retries: 0, queued: 0 };
  for (const figures of Object.values(routines)) {
    for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += figures[name];
  }
  return html`<tr>
    <th scope="row"><i class="swatch"></i> Whole flow</th>
    <td></td>
    ${counts(sum)}
    <td colspan="5"></td>
  </tr>`;
}

/** The tracker's figures of the flow, which are means and sums over its routines. */
function inWords({ flow }: Metrics): TemplateResult {
  return html`<p class="tracker-words dim num">
    The tracker has seen ${plural(flow.total_events, "event")} of ${plural(flow.total_routines, "routine")}; a routine's
    average run takes ${duration(flow.avg_routine_time * 1000)} in the mean over routines,
    ${duration(flow.total_execution_time * 1000)} in their sum.
  </p>`;
}
