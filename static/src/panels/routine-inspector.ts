// `<routine-inspector .store>`: everything about the routine or connection that is selected, else about the flow.
// Dispatches `show-record` with a record's number; it bubbles.
import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";

import type { Changes, HistoryRecord, JobStore } from "../live/store.ts";
import { StoreElement } from "../parts/store-element.ts";
import { inspectConnection } from "./inspect-connection.ts";
import { inspectFlow } from "./inspect-flow.ts";
import { inspectRoutine } from "./inspect-routine.ts";
import type { InspectorActs } from "./inspector-parts.ts";

/** A retry that waits counts down. */
const TICK_MS = 500;

@customElement("routine-inspector")
export class RoutineInspector extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;

  private readonly acts: InspectorActs = {
    select: (selection) => this.store?.select(selection),
    showRecord: (detail) => this.dispatchEvent(new CustomEvent("show-record", { detail, bubbles: true })),
    steady: (records) => (this.reaching ? this.held : (this.held = records)),
    reach: (reaching) => (this.reaching = reaching),
  };
  /** The rows of records as last shown, kept while somebody reaches for one of them. */
  private held: readonly HistoryRecord[] = [];
  private reaching = false;

  private ticker = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.ticker = window.setInterval(() => this.waitsForRetry && !document.hidden && this.requestUpdate(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.ticker);
  }

  protected listen(store: JobStore, signal: AbortSignal): void {
    store.on("change", ({ detail }) => this.concerns(detail) && this.requestUpdate(), signal);
    store.on("selectionchange", () => this.turn(), signal);
  }

  protected override render() {
    const { store, acts } = this;
    const view = store?.state;
    if (!store || !view) return html`<div class="inspect" aria-busy="true"><span class="bone"></span></div>`;
    const { selection } = store;
    const routine = view.flow.routines.find(
      ({ routine_id: id }) => selection?.kind === "routine" && id === selection.id,
    );
    // Another routine is another picture: what differs between two routines' states has not changed.
    if (routine) return keyed(routine.routine_id, inspectRoutine(view, routine, store.now(), acts));
    const connection = view.flow.connections.find(
      ({ connection_id: id }) => selection?.kind === "connection" && id === selection.id,
    );
    return connection ? inspectConnection(view, connection, acts) : inspectFlow(view, acts);
  }

  private turn(): void {
    this.reaching = false;
    this.requestUpdate();
  }

  /** Whether anything that is shown is different. */
  private concerns(changes: Changes): boolean {
    const selection = this.store?.selection;
    if (changes.keyframe || changes.flow || !selection)
      return changes.keyframe || changes.flow || changes.routines.size > 0;
    if (selection.kind === "connection") return changes.connections.size > 0 || changes.records > 0;
    const { id } = selection;
    return changes.routines.has(id) || changes.states.has(id) || changes.connections.size > 0 || changes.records > 0;
  }

  private get waitsForRetry(): boolean {
    const { store } = this;
    return store?.selection?.kind === "routine" && store.state?.routines[store.selection.id]?.status === "retry";
  }
}
