// `<paged-list>`: a table of numbered rows of any length. It follows the end until the reader scrolls up.
import { type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import type { RowSource } from "../live/rows.ts";
import { LightElement } from "./element.ts";
import { number } from "./format.ts";
import { icon } from "./icon.ts";
import { LongScroll } from "./long-scroll.ts";
import { styled } from "./styled.ts";
import { type Extent, revealing, rowsAt, spacerHeight } from "./windowing.ts";

/** One column: its heading, a class for its width and type, and what a cell of it shows. */
export interface Column<T> {
  title: string;
  name: string;
  cell: (row: T) => TemplateResult | string | typeof nothing;
}

const MARGIN_ROWS = 6;

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
  /** Number of the row that the keyboard is on; 0 is none. */
  @state() private active = 0;

  @query(".rows") private bar!: HTMLElement | null;
  @query(".rows-head") private head!: HTMLElement;
  @query(".rows-window") private sight!: HTMLElement;

  private readonly scrolling = new LongScroll(
    () => this.extent,
    () => (this.bar ? { bar: this.bar, rows: this.sight } : null),
    () => this.requestUpdate(),
    () => (this.leftAt = this.source?.total ?? 0),
  );
  private leftAt = 0;
  private base = 1;
  private viewport = 0;
  private readonly sizes = new ResizeObserver(() => this.measure());
  private readonly rowsCame = (): void => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.bar) this.sizes.observe(this.bar);
    this.listen(null, this.source);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
    this.scrolling.stop();
    this.listen(this.source, null);
  }

  protected override firstUpdated(): void {
    if (this.bar) this.sizes.observe(this.bar);
    this.measure();
  }

  /** Scrolls so that row `n` is in sight, and puts the keyboard on it. */
  reveal(n: number): void {
    this.active = n;
    this.scrolling.goTo(revealing(n - this.base, this.scrolling.offset, this.extent));
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

  private get drawn(): { first: number; end: number } {
    return rowsAt(this.scrolling.offset, this.extent, MARGIN_ROWS);
  }

  private measure(): void {
    const viewport = Math.max(0, (this.bar?.clientHeight ?? 0) - this.head.offsetHeight);
    if (viewport === this.viewport) return;
    this.viewport = viewport;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("source")) {
      this.listen((changed.get("source") as RowSource<T> | undefined) ?? null, this.source);
      this.scrolling.following = true;
    }
    this.takeBase();
    this.scrolling.aim();
    const { first, end } = this.drawn;
    this.source?.want(this.base + first, this.base + end - 1);
  }

  /** The oldest rows may be gone: what is in sight stays in sight. */
  private takeBase(): void {
    const first = this.source?.first ?? 1;
    if (first !== this.base) this.scrolling.shift((this.base - first) * this.rowHeight);
    this.base = first;
  }

  protected override updated(): void {
    this.scrolling.place(this.drawn.first);
  }

  private key(event: KeyboardEvent): void {
    const target = this.rowByKey(event.key);
    if (event.key === "Enter" || event.key === " ") this.open(this.active || (this.source?.total ?? 0));
    else if (target === null) return;
    else this.reveal(target);
    event.preventDefault();
  }

  private rowByKey(key: string): number | null {
    const { total = 0 } = this.source ?? {};
    const page = Math.max(1, Math.floor(this.viewport / this.rowHeight) - 1);
    const from = this.active || total;
    const targets: { [key: string]: number } = {
      ArrowUp: from - 1,
      ArrowDown: from + 1,
      PageUp: from - page,
      PageDown: from + page,
      Home: this.base,
      End: total,
    };
    const target = targets[key];
    return target === undefined ? null : Math.min(total, Math.max(this.base, target));
  }

  private open(n: number): void {
    this.active = n;
    this.dispatchEvent(new CustomEvent("open", { detail: n }));
  }

  protected override render() {
    const { extent, scrolling } = this;
    return html`<div
        class="rows"
        role="grid"
        tabindex="0"
        aria-label=${this.label}
        aria-rowcount=${extent.rows + 1}
        aria-activedescendant=${this.active ? this.rowId(this.active) : nothing}
        @scroll=${{ handleEvent: () => scrolling.scroll(), passive: true }}
        @wheel=${{ handleEvent: (event: WheelEvent) => scrolling.wheel(event), passive: false }}
        @touchmove=${{ handleEvent: () => scrolling.touch(), passive: true }}
        @keydown=${this.key}
      >
        <div class="rows-head" role="row" aria-rowindex="1">
          ${this.columns.map(({ name, title }) => html`<span role="columnheader" class=${name}>${title}</span>`)}
        </div>
        <div class="rows-space" role="presentation" ${styled({ height: `${spacerHeight(extent)}px` })}>
          <div class="rows-window" role="rowgroup">${this.rows()}</div>
        </div>
      </div>
      ${scrolling.following ? nothing : this.pill()}`;
  }

  private rows(): TemplateResult[] {
    const { first, end } = this.drawn;
    const rows: TemplateResult[] = [];
    for (let index = first; index < end; index++) rows.push(this.row(this.base + index));
    return rows;
  }

  private row(n: number): TemplateResult {
    const row = this.source?.row(n);
    return html`<div
      class="row ${row === undefined ? "awaited" : this.rowClass(row)}"
      role="row"
      id=${this.rowId(n)}
      aria-rowindex=${n - this.base + 2}
      aria-selected=${n === this.opened ? "true" : "false"}
      ?data-active=${n === this.active}
      @click=${() => this.open(n)}
    >
      ${this.columns.map(({ name, cell }, index) => {
        const content = row === undefined ? awaited(n, index) : cell(row);
        return html`<span role="gridcell" class=${name}>${content}</span>`;
      })}
    </div>`;
  }

  private pill(): TemplateResult {
    const fresh = (this.source?.total ?? 0) - this.leftAt;
    return html`<button type="button" class="follow-pill" @click=${() => this.scrolling.follow()}>
      ${icon("arrow-down")} ${fresh > 0 ? `${number(fresh)} new · follow` : "Go to the end"}
    </button>`;
  }

  private rowId(n: number): string {
    return `${this.label.toLowerCase().replaceAll(" ", "-")}-row-${n}`;
  }
}

/** A row that is on its way: its number at once, and quiet bars in place of the rest. */
function awaited(n: number, column: number): TemplateResult | string {
  return column === 0 ? number(n) : html`<i class="bone"></i>`;
}
