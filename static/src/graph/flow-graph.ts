// `<flow-graph .store>`: the flow of a job as cards and connections, alive.
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Changes, JobStore, Selection } from "../live/store.ts";
import { sameSelection } from "../live/selection.ts";
import { StoreElement } from "../parts/store-element.ts";
import type { Figures } from "./figures.ts";
import { GraphInput, ZOOM_STEP } from "./graph-input.ts";
import { GraphStage } from "./graph-stage.ts";
import { LayoutClient } from "./layout-client.ts";
import type { Layout } from "./layout.ts";
import { litBy, tipFor } from "./pointed.ts";
import { Rhythm } from "./rhythm.ts";
import { Tip } from "./tip.ts";

const TICK_MS = 500;

@customElement("flow-graph")
export class FlowGraph extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;
  /** What stands in place of a graph that cannot be shown yet. */
  @state() private note = "Waiting for the job…";

  private readonly figures: Figures = {
    routine: (id) => this.store?.state?.routines[id],
    connection: (id) => this.store?.state?.connections[id],
    now: () => this.store?.now() ?? Date.now(),
  };
  private readonly stage = new GraphStage(this.figures);
  private readonly layouts = new LayoutClient();
  private readonly tip = new Tip();
  private readonly rhythm = new Rhythm();
  private layout: Layout | null = null;
  private shown = "";
  private pointed: Selection | null = null;
  private connected: AbortController | null = null;
  private ticker = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.connected = new AbortController();
    const { signal } = this.connected;
    this.stage.connect(signal);
    const handlers = {
      select: (selection: Selection | null) => this.store?.select(selection),
      point: (pointed: Selection | null, x: number, y: number) => this.point(pointed, x, y),
      layout: () => this.layout,
    };
    new GraphInput(this.stage, handlers, signal);
    this.ticker = window.setInterval(() => document.hidden || this.stage.tick(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.connected?.abort();
    this.layouts.close();
    clearInterval(this.ticker);
  }

  protected override listen(store: JobStore, signal: AbortSignal): void {
    store.on("change", ({ detail }) => this.take(detail), signal);
    store.on("selectionchange", () => this.showSelection(), signal);
    store.on("connectionchange", () => this.stillUnlessLive(), signal);
    this.shown = "";
    void this.layOut();
  }

  protected override render() {
    const { camera } = this.stage;
    return html`<div class="graph-frame" role="group" aria-label="Routines and their connections">
      ${this.stage.element} ${this.tip.element} ${this.note ? html`<p class="graph-note">${this.note}</p>` : nothing}
      <div class="graph-tools">
        ${tool("Zoom out", "M3 8h10", () => camera.step(1 / ZOOM_STEP))}
        ${tool("Zoom in", "M3 8h10M8 3v10", () => camera.step(ZOOM_STEP))}
        ${tool("Fit", "M9.5 3H13v3.5M13 3 9 7M6.5 13H3V9.5M3 13l4-4", () => camera.fit())}
      </div>
    </div>`;
  }

  private take(changes: Changes): void {
    if (changes.keyframe || changes.flow) void this.layOut();
    this.stage.update(changes.routines, changes.connections);
    const span = this.rhythm.beat(performance.now());
    if (this.lively) this.stage.emit(changes.emissions, span);
    else this.stage.still();
    const { pointed } = this;
    const changed = pointed?.kind === "routine" ? changes.routines : changes.connections;
    if (pointed && changed.has(pointed.id)) this.writeTip();
  }

  /** Lays the flow out when it is another one than is shown. */
  private async layOut(): Promise<void> {
    const flow = this.store?.state?.flow;
    if (!flow) return;
    const key = JSON.stringify([flow.flow_id, flow.version]);
    if (key === this.shown) return;
    this.shown = key;
    this.note = flow.routines.length ? "Laying out the flow…" : "This flow has no routines.";
    const layout = await this.layouts.layoutOf(flow);
    if (key !== this.shown) return;
    this.layout = layout;
    if (flow.routines.length) this.note = "";
    this.stage.setLayout(flow, layout);
    this.showSelection();
  }

  /** Dots travel only while what is shown is what happens. */
  private get lively(): boolean {
    const status = this.store?.state?.job.status;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return this.store?.connection === "live" && status !== "paused" && !calm;
  }

  private stillUnlessLive(): void {
    if (!this.lively) this.stage.still();
  }

  private showSelection(): void {
    const selection = this.store?.selection ?? null;
    this.stage.select(selection);
    this.light();
    const box = selection?.kind === "routine" ? this.stage.boxOf(selection.id) : undefined;
    if (box) this.stage.camera.reveal(box);
  }

  private point(pointed: Selection | null, x: number, y: number): void {
    if (!sameSelection(pointed, this.pointed)) {
      this.pointed = pointed;
      this.stage.element.classList.toggle("pointing", pointed !== null);
      this.light();
      this.writeTip();
    }
    this.tip.moveTo(x, y, this.stage.camera.room.width);
  }

  private light(): void {
    this.stage.light(litBy(this.store?.selection ?? null, this.pointed, this.layout));
  }

  private writeTip(): void {
    const tip = tipFor(this.pointed, this.layout, this.figures);
    if (tip && this.pointed) this.tip.write(this.pointed.kind, ...tip);
    else this.tip.hide();
  }
}

function tool(name: string, path: string, act: () => void) {
  return html`<button type="button" class="btn compact" aria-label=${name} title=${name} @click=${act}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d=${path} /></svg>
  </button>`;
}
