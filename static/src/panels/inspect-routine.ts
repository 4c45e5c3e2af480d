// What the inspector shows of a routine.
import { type TemplateResult, html, nothing } from "lit";

import type { ErrorReport, RoutineDefinition, RoutineFigures, RoutineState, SourceLocation } from "../live/protocol.ts";
import type { JobView } from "../live/view.ts";
import "../parts/copy-button.ts";
import "../parts/data-tree.ts";
import { fullTime, timeOfDay } from "../parts/format.ts";
import { statusMark } from "../parts/status.ts";
import { NO_FIGURES, cardWords } from "../graph/card-words.ts";
import { type InspectorActs, connectionRow, facts, recordRows, section } from "./inspector-parts.ts";
import { routineFacts, strategyWords } from "./inspector-words.ts";
import { latencyChart } from "./latency-chart.ts";

/** The sections for the routine `definition` of `view`; `now` is the server's clock. */
export function inspectRoutine(
  view: JobView,
  definition: RoutineDefinition,
  now: number,
  acts: InspectorActs,
): TemplateResult {
  const id = definition.routine_id;
  const figures = view.routines[id] ?? NO_FIGURES;
  const stored = view.states[id];
  const latest = view.records.filter((record) => record.routine_id === id);
  return html`
    ${section("Routine", head(definition, figures, now))}
    ${figures.histogram.length ? section("Latency", latencyChart(figures)) : nothing}
    ${stored ? section("State", stateTree(stored)) : nothing}
    ${figures.last_error ? section("Last error", errorReport(figures.last_error)) : nothing}
    ${section("Connections", connections(view, id, acts))}
    ${section("Last records", recordRows(latest, acts, "It has recorded nothing lately."))}
    ${definition.source ? section("Source", source(definition.source)) : nothing}
  `;
}

function head(definition: RoutineDefinition, figures: RoutineFigures, now: number): TemplateResult {
  const { status } = figures;
  return html`<div class="inspected">
      <b class="inspected-name">${definition.routine_id}</b>${statusMark(status, cardWords(figures, now).status)}
    </div>
    <p class="dim">${definition.class} · ${strategyWords(definition.error_strategy)}</p>
    ${definition.doc ? html`<p class="doc soft">${withCode(definition.doc)}</p>` : nothing} ${whyNot(figures)}
    ${facts(routineFacts(figures, definition.slots))}`;
}

function stateTree({ state, cut }: RoutineState): TemplateResult {
  return html`<data-tree .value=${state} ?cut=${cut} highlight></data-tree>`;
}

/** A docstring's `names` between backquotes as code; everything else, and they too, as text. */
function withCode(doc: string): (string | TemplateResult)[] {
  return doc.split(/`+([^`]+)`+/).map((text, i) => (i % 2 ? html`<code>${text}</code>` : text));
}

/** Why nothing of it runs now. While it runs or takes turns, there is nothing to explain. */
function whyNot({ status, detail }: RoutineFigures): TemplateResult | typeof nothing {
  if (status === "running" || !detail) return nothing;
  return html`<p class="why ${status}"><b>Why it is not running</b> ${detail}</p>`;
}

function errorReport({ error_type, error, traceback, timestamp, slot }: ErrorReport): TemplateResult {
  return html`<p class="error-said"><b>${error_type}</b>${error ? html`: ${error}` : nothing}</p>
    <p class="dim">
      in <span class="mono">${slot}</span> at
      <time datetime=${timestamp} title=${fullTime(timestamp)}>${timeOfDay(timestamp)}</time>
    </p>
    ${
      traceback
        ? html`<div class="traceback">
            <pre tabindex="0" role="region" aria-label="Traceback">${traceback}</pre>
            <copy-button text=${traceback} label="Copy traceback"></copy-button>
          </div>`
        : nothing
    }`;
}

function connections(view: JobView, id: string, acts: InspectorActs): TemplateResult {
  const { connections } = view.flow;
  const incoming = connections.filter(({ target }) => target.routine_id === id);
  const outgoing = connections.filter(({ source }) => source.routine_id === id);
  if (incoming.length + outgoing.length === 0) return html`<p class="dim">It is connected to nothing.</p>`;
  return html`<ul class="inspect-rows">
    ${incoming.map((one) => connectionRow(one, view, "in", acts))}
    ${outgoing.map((one) => connectionRow(one, view, "out", acts))}
  </ul>`;
}

function source({ file, line }: SourceLocation): TemplateResult {
  const place = `${file}:${line}`;
  return html`<p class="source">
    <span class="mono" title=${place}><bdi>${place}</bdi></span
    ><copy-button text=${place} label="Copy source location"></copy-button>
  </p>`;
}
