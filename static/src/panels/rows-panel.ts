// What the panels of history, shared log and outputs have in common: a long list, and one row of it opened beside.
import { type TemplateResult, html, nothing } from "lit";
import { property, query, state } from "lit/decorators.js";

import type { JobReading } from "../live/job-reading.ts";
import { type RowPage, RowSource } from "../live/rows.ts";
import type { JobStore } from "../live/store.ts";
import { button } from "../parts/button.ts";
import { toastError } from "../parts/toast.ts";
import { type Column, type PagedList } from "../parts/paged-list.ts";
import "../parts/paged-list.ts";
import { StoreElement } from "../parts/store-element.ts";
import type { Detail } from "./record-detail.ts";
import "./record-detail.ts";
import { awaitedRows } from "../parts/bones.ts";

export abstract class RowsPanel<T> extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;
  @property({ attribute: false }) reading: JobReading | null = null;
  @property({ type: Boolean, reflect: true }) narrow = false;
  @state() private opened: number | null = null;
  @state() private openedRow: T | null = null;
  @query("paged-list") private list!: PagedList<T>;

  /** What the list is called, and what is said while it has no rows. */
  protected abstract readonly label: string;
  protected abstract readonly empty: { title: string; text: string };
  protected abstract readonly columns: Column<T>[];
  protected readonly source: RowSource<T> = new RowSource<T>(
    (after, limit, signal) => this.read(after, limit, signal),
    (row) => this.numberOf(row),
  );

  protected get jobId(): string {
    return this.store?.jobId ?? "";
  }

  /** Where rows are read, which is there before anything is read. */
  protected needed(): JobReading {
    if (!this.reading) throw new Error(`<${this.localName}> needs .reading`);
    return this.reading;
  }

  /** Reads rows `after + 1` to `after + limit`. */
  protected abstract read(after: number, limit: number, signal?: AbortSignal): Promise<RowPage<T>>;
  protected abstract numberOf(row: T): number;
  protected abstract takeNewest(store: JobStore): void;
  protected abstract detailOf(row: T): Detail;
  protected rowClass(_row: T): string {
    return "";
  }

  protected listen(store: JobStore, signal: AbortSignal): void {
    const take = (): void => {
      const wasEmpty = this.source.total === 0;
      this.takeNewest(store);
      if (wasEmpty && this.source.total) this.requestUpdate();
    };
    store.on("change", take, signal);
    if (store.state) take();
    this.source.addEventListener("rows", () => this.readAnew(), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.source.close();
  }

  /** Opens row `n` beside the list. */
  async open(n: number): Promise<void> {
    this.opened = n;
    this.openedRow = null;
    this.list.reveal(n);
    try {
      const { rows } = await this.read(n - 1, 1);
      if (this.opened === n) this.openedRow = rows.find((row) => this.numberOf(row) === n) ?? null;
    } catch (error) {
      this.openedRow = this.source.row(n) ?? null;
      if (!this.openedRow) this.opened = null;
      toastError(this, `Row ${n} could not be read`, error);
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.opened !== null) this.close();
  }

  private close(): void {
    this.opened = null;
    this.list.querySelector<HTMLElement>(".rows")?.focus();
  }

  private failedBefore = false;
  private readAnew(): void {
    const failed = this.source.error !== null;
    if (failed !== this.failedBefore) this.requestUpdate();
    this.failedBefore = failed;
  }

  protected override render() {
    if (!this.store?.state) return awaitedRows();
    if (this.source.total === 0) return this.nothingYet();
    return html`<div class="rows-panel" ?data-split=${this.opened !== null} @keydown=${this.key}>
      <paged-list
        class=${this.label.toLowerCase().replaceAll(" ", "-")}
        label=${this.label}
        row-height=${this.narrow ? 52 : 28}
        .source=${this.source}
        .columns=${this.columns}
        .rowClass=${(row: T) => this.rowClass(row)}
        .opened=${this.opened}
        @open=${(event: CustomEvent<number>) => void this.open(event.detail)}
      ></paged-list>
      ${this.source.error ? this.failed() : nothing} ${this.opened === null ? nothing : this.beside()}
    </div>`;
  }

  private beside(): TemplateResult {
    const detail = this.openedRow === null ? null : this.detailOf(this.openedRow);
    return html`<record-detail
      .detail=${detail}
      label="${this.label}, row ${this.opened}"
      @close=${() => this.close()}
    ></record-detail>`;
  }

  private failed(): TemplateResult {
    return html`<div class="rows-failed" aria-live="polite">
      Rows could not be read. ${button({ name: "Read again" }, () => this.source.retry())}
    </div>`;
  }

  private nothingYet(): TemplateResult {
    return html`<div class="panel-empty"><b>${this.empty.title}</b><span>${this.empty.text}</span></div>`;
  }
}
