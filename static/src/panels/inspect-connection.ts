// What the inspector shows of a connection.
import { type TemplateResult, html } from "lit";

import { isForErrors } from "../graph/connection-look.ts";
import type { ConnectionDefinition } from "../live/protocol.ts";
import type { JobView } from "../live/view.ts";
import { number, rate } from "../parts/format.ts";
import { type InspectorActs, facts, recordRows, routineLink, section } from "./inspector-parts.ts";
import type { Fact } from "./inspector-words.ts";

export function inspectConnection(
  view: JobView,
  definition: ConnectionDefinition,
  acts: InspectorActs,
): TemplateResult {
  const { source, target } = definition;
  const figures = view.connections[definition.connection_id];
  const waiting = view.routines[target.routine_id]?.queued ?? 0;
  const sent = view.records.filter(
    ({ routine_id, event_name, kind }) =>
      kind === "event" && routine_id === source.routine_id && event_name === source.event,
  );
  return html`
    ${section(
      "Connection",
      html`<div class="ends">
          <p>
            <span class="dim">from</span> ${routineLink(source.routine_id, acts)}<span class="mono"
              >.${source.event}</span
            >
          </p>
          <p>
            <span class="dim">to</span> ${routineLink(target.routine_id, acts)}<span class="mono">.${target.slot}</span>
          </p>
        </div>
        ${facts([
          ["Messages", number(figures?.count ?? 0)],
          ["Rate", rate(figures?.rate ?? 0)],
          ["Queued at", number(waiting), target.routine_id],
          ...errorsOf(view, source),
        ])}`,
    )}
    ${section("Parameters", mapping(definition))}
    ${section("Last records", recordRows(sent, acts, "Nothing was emitted lately."))}
  `;
}

/** Why the connection is red, if it is. */
function errorsOf(view: JobView, { routine_id: id, event }: ConnectionDefinition["source"]): Fact[] {
  const errors = isForErrors(event) ? (view.routines[id]?.errors ?? 0) : 0;
  return errors ? [["Errors of", number(errors), id]] : [];
}

function mapping({ param_mapping: renamed }: ConnectionDefinition): TemplateResult {
  const pairs = Object.entries(renamed);
  if (pairs.length === 0) return html`<p class="dim">They arrive under the names that they are emitted with.</p>`;
  return html`<ul class="mapping mono">
    ${pairs.map(([from, to]) => html`<li>${from} <span class="dim" aria-label="becomes">→</span> ${to}</li>`)}
  </ul>`;
}
