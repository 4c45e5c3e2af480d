// `<routine-list>`: the routines of a job as a list, for pages too narrow for their graph.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { RoutineFigures } from "../live/protocol.ts";
import type { JobStore } from "../live/store.ts";
import { number } from "../parts/format.ts";
import "../parts/sparkline.ts";
import { statusMark } from "../parts/status.ts";
import { StoreElement } from "../parts/store-element.ts";
import { awaitedRows } from "../parts/bones.ts";

@customElement("routine-list")
export class RoutineList extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;

  protected listen(store: JobStore, signal: AbortSignal): void {
    store.on("change", () => this.requestUpdate(), signal);
    store.on("selectionchange", () => this.requestUpdate(), signal);
  }

  protected override render() {
    const view = this.store?.state;
    if (!view) return awaitedRows();
    return html`<ul class="routines">
      ${view.flow.routines.map(({ routine_id: id }) => {
        const figures = view.routines[id];
        return figures ? html`<li>${this.card(id, figures)}</li>` : nothing;
      })}
    </ul>`;
  }

  private card(id: string, figures: RoutineFigures): TemplateResult {
    const { status, done, errors, queued, running } = figures;
    return html`<button
      type="button"
      class="routine-item ${status}"
      data-routine=${id}
      data-status=${status}
      data-done=${done}
      data-errors=${errors}
      data-queued=${queued}
      data-running=${running}
      @click=${() => this.store?.select({ kind: "routine", id })}
    >
      <span class="top-line"><b>${id}</b>${statusMark(status, status)}</span>
      <span class="figures-line num">
        <span title="done">✓ ${number(done)}</span>
        ${errors ? html`<span class="bad" title="errors">✕ ${number(errors)}</span>` : nothing}
        ${queued ? html`<span class="dim">${number(queued)} queued</span>` : nothing}
        <spark-line .values=${figures.activity} width="70" height="16"></spark-line>
      </span>
    </button>`;
  }
}
