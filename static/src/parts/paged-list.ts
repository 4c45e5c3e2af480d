// `<paged-list>`: a table of numbered rows of any length. It follows the end until the reader scrolls up.
import { type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import type { RowSource } from "../live/rows.ts";
import { LightElement } from "./element.ts";
import { number } from "./format.ts";
import { icon } from "./icon.ts";
import {
  type Extent,
  clamp,
  maxOffset,
  offsetAt,
  revealing,
  rowsAt,
  scale,
  scrollTopAt,
  spacerHeight,
} from "./windowing.ts";
import { styled } from "./styled.ts";

/** One column: its heading, a class for its width and type, and what a cell of it shows. */
export interface Column<T> {
  title: string;
  name: string;
  cell: (row: T) => TemplateResult | string | typeof nothing;
}

const MARGIN_ROWS = 6;
/** A scroll so soon after a wheel, key or touch moves rows pixel by pixel; a drag of the bar jumps on its scale. */
const FINE_MS = 250;

/** Dispatches `open` with a row's number when it is chosen. Numbers run from `source.first` to `source.total`. */
@customElement("paged-list")
export class PagedList<T> extends LightElement {
  @property({ attribute: false }) source: RowSource<T> | null = null;
  @property({ attribute: false }) columns: Column<T>[] = [];
  /** Classes of a row, by its content. */
  @property({ attribute: false }) rowClass: (row: T) => string = () => "";
  @property() label = "";
  @property({ type: Number, attribute: "row-height" }) rowHeight = 28;
  /** Number of the row whose data is open, or null. */
  @property({ attribute: false }) opened: number | null = null;
  /** Number of the row that the keyboard is on. */
  @state() private active = 0;
  @state() private following = true;

  @query(".rows") private scroller!: HTMLElement;
  @query(".rows-head") private head!: HTMLElement;
  @query(".rows-window") private sight!: HTMLElement;

  private offset = 0;
  private expectedTop = 0;
  private fineUntil = 0;
  private leftAt = 0;
  private base = 1;
  private viewport = 0;
  private settle = 0;
  private readonly sizes = new ResizeObserver(() => this.measure());
  private readonly rowsCame = (): void => this.requestUpdate();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
    clearTimeout(this.settle);
    this.listen(this.source, null);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.hasUpdated) return;
    this.sizes.observe(this.scroller);
    this.listen(null, this.source);
  }

  protected override firstUpdated(): void {
    this.sizes.observe(this.scroller);
    this.measure();
  }

  /** Scrolls so that row `n` is in sight, and puts the keyboard on it. */
  reveal(n: number): void {
    this.active = n;
    this.goTo(revealing(n - this.base, this.offset, this.extent));
  }

  /** Goes to the end and stays there. */
  follow(): void {
    this.following = true;
    this.requestUpdate();
  }

  private listen(before: RowSource<T> | null, after: RowSource<T> | null): void {
    for (const name of ["rows", "total"]) {
      before?.removeEventListener(name, this.rowsCame);
      after?.addEventListener(name, this.rowsCame);
    }
  }

  private get extent(): Extent {
    const rows = this.source ? this.source.total - this.base + 1 : 0;
    return { rows: Math.max(0, rows), rowHeight: this.rowHeight, viewport: this.viewport };
  }

  private measure(): void {
    const viewport = Math.max(0, this.scroller.clientHeight - this.head.offsetHeight);
    if (viewport === this.viewport) return;
    this.viewport = viewport;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("source")) {
      this.listen((changed.get("source") as RowSource<T> | null) ?? null, this.source);
      this.following = true;
    }
    this.noticeScroll();
    this.takeBase();
    this.offset = this.following ? maxOffset(this.extent) : clamp(this.offset, this.extent);
    const { first, end } = this.visible;
    this.source?.want(this.base + first, this.base + end - 1);
  }

  /** The oldest rows may be gone: what is in sight stays in sight. */
  private takeBase(): void {
    const first = this.source?.first ?? 1;
    this.offset = Math.max(0, this.offset - (first - this.base) * this.rowHeight);
    this.base = first;
  }

  private get visible(): { first: number; end: number } {
    return rowsAt(this.offset, this.extent, MARGIN_ROWS);
  }

  protected override updated(): void {
    // While rows move pixel by pixel, the bar is left alone; it is put right when the movement is over.
    if (this.following || performance.now() >= this.fineUntil || scale(this.extent) === 1) this.placeBar();
    this.placeRows();
  }

  /** Puts the scroll bar where the offset says, unless it is there already. */
  private placeBar(): void {
    const top = scrollTopAt(this.offset, this.extent);
    if (Math.abs(this.scroller.scrollTop - top) >= 1) this.scroller.scrollTop = top;
    this.expectedTop = this.scroller.scrollTop;
  }

  private placeRows(): void {
    const top = this.expectedTop + this.visible.first * this.rowHeight - this.offset;
    this.sight.style.transform = `translateY(${top}px)`;
  }

  /** The movement is over, or the bar has come to an end before the rows have. */
  private settled(): void {
    this.placeBar();
    this.placeRows();
  }

  private scrolled(): void {
    this.noticeScroll();
    this.requestUpdate();
  }

  /** Takes over a movement of the scroll bar that was the reader's. */
  private noticeScroll(): void {
    if (!this.hasUpdated || !this.viewport) return;
    const top = this.scroller.scrollTop;
    const moved = top - this.expectedTop;
    if (Math.abs(moved) < 1) return;
    this.expectedTop = top;
    const { extent } = this;
    const fine = performance.now() < this.fineUntil && scale(extent) > 1;
    this.offset = fine ? clamp(this.offset + moved, extent) : offsetAt(top, extent);
    if (fine) this.extendFine();
    if (fine && (top < 1 || top > spacerHeight(extent) - extent.viewport - 1)) this.settled();
    this.setFollowing(this.offset >= maxOffset(extent) - 2);
  }

  private setFollowing(following: boolean): void {
    if (this.following && !following) this.leftAt = this.source?.total ?? 0;
    this.following = following;
  }

  private extendFine(): void {
    this.fineUntil = performance.now() + FINE_MS;
    clearTimeout(this.settle);
    this.settle = window.setTimeout(() => this.settled(), FINE_MS + 20);
  }

  private wheeled(event: WheelEvent): void {
    this.extendFine();
    if (event.deltaY < 0 && this.offset > 0) this.setFollowing(false);
  }

  private goTo(offset: number): void {
    this.fineUntil = 0;
    this.offset = clamp(offset, this.extent);
    this.setFollowing(this.offset >= maxOffset(this.extent) - 2);
    this.requestUpdate();
  }

  private key(event: KeyboardEvent): void {
    const { total = 0 } = this.source ?? {};
    const page = Math.max(1, Math.floor(this.viewport / this.rowHeight) - 1);
    const from = this.active || total;
    const steps: { [key: string]: number } = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
    const target = { Home: this.base, End: total }[event.key] ?? from + (steps[event.key] ?? Number.NaN);
    if (event.key === "Enter" || event.key === " ") this.open(from);
    else if (Number.isNaN(target)) return;
    else if (event.key === "End") this.toEnd(total);
    else this.reveal(Math.min(total, Math.max(this.base, target)));
    event.preventDefault();
  }

  private toEnd(total: number): void {
    this.active = total;
    this.follow();
  }

  private open(n: number): void {
    this.active = n;
    this.dispatchEvent(new CustomEvent("open", { detail: n }));
  }

  protected override render() {
    const { extent } = this;
    const { first, end } = this.visible;
    return html`<div
        class="rows"
        role="grid"
        tabindex="0"
        aria-label=${this.label}
        aria-rowcount=${extent.rows + 1}
        aria-activedescendant=${this.active ? this.rowId(this.active) : nothing}
        @scroll=${{ handleEvent: () => this.scrolled(), passive: true }}
        @wheel=${{ handleEvent: (event: WheelEvent) => this.wheeled(event), passive: true }}
        @touchmove=${{ handleEvent: () => this.extendFine(), passive: true }}
        @keydown=${this.key}
      >
        <div class="rows-head" role="row" aria-rowindex="1">
          ${this.columns.map((column) => html`<span role="columnheader" class=${column.name}>${column.title}</span>`)}
        </div>
        <div class="rows-space" role="presentation" ${styled({ height: `${spacerHeight(extent)}px` })}>
          <div class="rows-window" role="rowgroup">${this.rows(first, end)}</div>
        </div>
      </div>
      ${this.pill()}`;
  }

  private rows(first: number, end: number): TemplateResult[] {
    const rows: TemplateResult[] = [];
    for (let index = first; index < end; index++) rows.push(this.row(this.base + index));
    return rows;
  }

  private row(n: number): TemplateResult {
    const row = this.source?.row(n);
    const classes = `row ${row === undefined ? "awaited" : this.rowClass(row)}`;
    return html`<div
      class=${classes}
      role="row"
      id=${this.rowId(n)}
      aria-rowindex=${n - this.base + 2}
      aria-selected=${n === this.opened ? "true" : "false"}
      ?data-active=${n === this.active}
      @click=${() => this.open(n)}
    >
      ${row === undefined ? this.awaited(n) : this.columns.map((column) => this.cell(column, row))}
    </div>`;
  }

  private cell(column: Column<T>, row: T): TemplateResult {
    return html`<span role="gridcell" class=${column.name}>${column.cell(row)}</span>`;
  }

  /** A row that is on its way: its number at once, and quiet bars in place of the rest. */
  private awaited(n: number): TemplateResult[] {
    return this.columns.map(
      ({ name }, index) =>
        html`<span role="gridcell" class=${name}>${index === 0 ? number(n) : html`<i class="bone"></i>`}</span>`,
    );
  }

  private pill(): TemplateResult | typeof nothing {
    if (this.following || !this.source) return nothing;
    const fresh = this.source.total - this.leftAt;
    return html`<button type="button" class="follow-pill" @click=${() => this.follow()}>
      ${icon("arrow-down")} ${fresh > 0 ? `${number(fresh)} new · follow` : "Go to the end"}
    </button>`;
  }

  private rowId(n: number): string {
    return `${this.label.toLowerCase().replaceAll(" ", "-")}-row-${n}`;
  }
}
