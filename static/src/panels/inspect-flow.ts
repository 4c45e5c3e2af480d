// What the inspector shows while nothing is selected: the flow as a whole, and where to look first.
import { type TemplateResult, html, nothing } from "lit";

import type { RoutineFigures } from "../live/protocol.ts";
import type { JobView } from "../live/view.ts";
import { number } from "../parts/format.ts";
import { statusMark } from "../parts/status.ts";
import { styled } from "../parts/styled.ts";
import { type InspectorActs, facts, section } from "./inspector-parts.ts";
import { statusCounts, topRoutines, workersWords } from "./inspector-words.ts";

export function inspectFlow(view: JobView, acts: InspectorActs): TemplateResult {
  const { flow, routines } = view;
  return html`
    ${section(
      "Flow",
      html`<div class="inspected"><b class="inspected-name">${flow.flow_id}</b></div>
        ${facts([
          ["Execution", workersWords(flow)],
          ["Routines", number(flow.routines.length)],
          ["Connections", number(flow.connections.length)],
          [
            flow.entries.length === 1 ? "Entry" : "Entries",
            flow.entries.map((entry) => entry.routine_id).join(", ") || "none",
          ],
        ])}`,
    )}
    ${section("Routines by status", byStatus(statusCounts(routines)))}
    ${ranking("Most queued", topRoutines(routines, "queued"), "queued", acts)}
    ${ranking("Most errors", topRoutines(routines, "errors"), "errors", acts)}
    <p class="hint">Select a routine or a connection to see its figures, state, errors and records.</p>
  `;
}

function byStatus(counts: [RoutineFigures["status"], number][]): TemplateResult {
  return html`<div class="status-bar" aria-hidden="true">
      ${counts.map(([status, count]) => html`<i class=${status} ${styled({ "flex-grow": String(count) })}></i>`)}
    </div>
    <ul class="status-counts">
      ${counts.map(([status, count]) => html`<li>${statusMark(status, status)} <b class="num">${number(count)}</b></li>`)}
    </ul>`;
}

function ranking(
  title: string,
  top: [string, number][],
  kind: "queued" | "errors",
  acts: InspectorActs,
): TemplateResult | typeof nothing {
  if (top.length === 0) return nothing;
  const most = top[0]![1];
  return section(
    title,
    html`<ul class="inspect-rows ranking ${kind}">
      ${top.map(
        ([id, value]) =>
          html`<li>
            <button type="button" class="inspect-row" @click=${() => acts.select({ kind: "routine", id })}>
              <i aria-hidden="true" ${styled({ width: `${(100 * value) / most}%` })}></i>
              <span class="row-text">${id}</span><span class="num">${number(value)}</span>
            </button>
          </li>`,
      )}
    </ul>`,
  );
}
