// What the sections of the inspector are made of.
import { type TemplateResult, html, nothing } from "lit";

import type { ConnectionDefinition } from "../live/protocol.ts";
import type { Selection } from "../live/selection.ts";
import type { HistoryRecord, JobView } from "../live/view.ts";
import { number, rate, timeOfDay } from "../parts/format.ts";
import { preview } from "../parts/preview.ts";
import type { Fact } from "./inspector-words.ts";

/** What a click in the inspector does. */
export interface InspectorActs {
  select(selection: Selection): void;
  /** Shows record number `seq` in the history. */
  showRecord(seq: number): void;
  /** What of a list that moves is shown: while somebody reaches for a row of it, the rows stay where they are. */
  steady(records: readonly HistoryRecord[]): readonly HistoryRecord[];
  reach(reaching: boolean): void;
}

export function section(title: string, content: TemplateResult): TemplateResult {
  return html`<section class="inspect">
    <h2>${title}</h2>
    ${content}
  </section>`;
}

export function facts(facts: Fact[]): TemplateResult {
  const own = (name: string | undefined) => (name ? html` <span class="mono">${name}</span>` : nothing);
  return html`<dl class="kv num">
    ${facts.map(
      ([name, value, after]) =>
        html`<dt>${name}${own(after)}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** One connection of a routine: the other end, and what it carried. */
export function connectionRow(
  { connection_id: id, source, target }: ConnectionDefinition,
  view: JobView,
  way: "in" | "out",
  acts: InspectorActs,
): TemplateResult {
  const { count = 0, rate: perSecond = 0 } = view.connections[id] ?? {};
  const [own, other] =
    way === "in"
      ? [target.slot, `${source.routine_id}.${source.event}`]
      : [source.event, `${target.routine_id}.${target.slot}`];
  return html`<li>
    <button type="button" class="inspect-row" @click=${() => acts.select({ kind: "connection", id })}>
      <span class="row-text"
        ><span class="mono">${own}</span> <span class="dim">${way === "in" ? "from" : "to"}</span> ${other}</span
      >
      <span class="num"
        >${number(count)}${perSecond > 0 ? html` <span class="dim">${rate(perSecond)}</span>` : nothing}</span
      >
    </button>
  </li>`;
}

const RECORDS_SHOWN = 6;

/** The newest of `records` (oldest first), each a way into the history. */
export function recordRows(records: readonly HistoryRecord[], acts: InspectorActs, none: string): TemplateResult {
  const latest = acts.steady(records.slice(-RECORDS_SHOWN).reverse());
  if (latest.length === 0) return html`<p class="dim">${none}</p>`;
  return html`<ul
    class="inspect-rows"
    @pointerenter=${() => acts.reach(true)}
    @pointerleave=${() => acts.reach(false)}
    @focusin=${() => acts.reach(true)}
    @focusout=${() => acts.reach(false)}
  >
    ${latest.map((record) => recordRow(record, acts))}
  </ul>`;
}

function recordRow({ seq, event_name: event, data, timestamp }: HistoryRecord, acts: InspectorActs): TemplateResult {
  return html`<li>
    <button
      type="button"
      class="inspect-row"
      title="Show record ${number(seq)} in the history"
      @click=${() => acts.showRecord(seq)}
    >
      <span class="dim num">${timeOfDay(timestamp)}</span>
      <span class="row-text"
        ><span class="mono">${event}</span> <span class="mono soft">${preview(data, 80)}</span></span
      >
      <span class="dim num">${number(seq)}</span>
    </button>
  </li>`;
}

/** A routine's name that leads to it. */
export function routineLink(id: string, acts: InspectorActs): TemplateResult {
  return html`<button type="button" class="link" @click=${() => acts.select({ kind: "routine", id })}>${id}</button>`;
}
