// Numbered rows of a long list (history, log, outputs): the newest come with the frames, older ones are read by range.

export const PAGE_ROWS = 200;
/** Pages that are kept; the ones that were looked at longest ago go first. */
const KEPT_PAGES = 30;
/** Newest rows that are kept beside them. */
const KEPT_NEWEST = 500;
/** At most so often it is decided what to read, ms. */
const DECIDE_MS = 60;
/** After a read that failed nothing is read for so long, ms; but at once when asked by `retry`. */
const REST_MS = 3000;

/** What a read by range gives: rows in order; `first` is the oldest number still kept, `total` the newest. */
export interface RowPage<T> {
  rows: T[];
  first: number;
  total: number;
}

/** Reads rows `after + 1` to `after + limit`. */
export type ReadRows<T> = (after: number, limit: number, signal: AbortSignal) => Promise<RowPage<T>>;

/** Dispatches `rows` when rows came, and `total` when there are more. */
export class RowSource<T> extends EventTarget {
  /** Number of the oldest row that is kept. */
  first = 1;
  /** Number of the newest row. */
  total = 0;
  /** Why the last read failed, or null. */
  error: unknown = null;

  private readonly newest = new Map<number, T>();
  private readonly pages = new Map<number, T[]>();
  private readonly reading = new Map<number, AbortController>();
  private wanted = { from: 1, to: 0 };
  private timer = 0;
  private resting = 0;

  constructor(
    private readonly read: ReadRows<T>,
    private readonly numberOf: (row: T) => number,
  ) {
    super();
  }

  /** Row number `n` if it is here; `want` brings it. */
  row(n: number): T | undefined {
    return this.newest.get(n) ?? this.pages.get(pageOf(n))?.[(n - 1) % PAGE_ROWS];
  }

  /** Takes in rows that came with a frame, and how many there are now. */
  takeNewest(rows: readonly T[], total: number): void {
    for (const row of rows) this.newest.set(this.numberOf(row), row);
    for (const n of this.newest.keys()) {
      if (this.newest.size <= KEPT_NEWEST) break;
      this.newest.delete(n);
    }
    if (total === this.total) return;
    this.total = total;
    this.dispatchEvent(new Event("total"));
  }

  /** Rows `from` to `to` are in sight: what is missing of them is read, reads of others are given up. */
  want(from: number, to: number): void {
    this.wanted = { from: Math.max(from, this.first), to: Math.min(to, this.total) };
    if (this.timer) return;
    this.decide();
    this.decideIn(DECIDE_MS);
  }

  /** Reads what is in sight again although the last read failed. */
  retry(): void {
    this.error = null;
    this.decideIn(0);
  }

  private decideIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.decideAgain(), ms);
  }

  /** Forgets everything and gives up all reads. */
  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.resting);
    this.timer = 0;
    this.error = null;
    for (const controller of this.reading.values()) controller.abort();
    this.reading.clear();
    this.pages.clear();
    this.newest.clear();
  }

  /** After a rest: what is in sight may be elsewhere by now. */
  private decideAgain(): void {
    this.timer = 0;
    this.decide();
  }

  private decide(): void {
    if (this.error !== null) return;
    const needed = this.missingPages();
    for (const [page, controller] of this.reading) if (!needed.has(page)) controller.abort();
    for (const page of needed) if (!this.reading.has(page)) void this.readPage(page);
  }

  private missingPages(): Set<number> {
    const pages = new Set<number>();
    for (let n = this.wanted.from; n <= this.wanted.to; n++) if (this.row(n) === undefined) pages.add(pageOf(n));
    return pages;
  }

  private async readPage(page: number): Promise<void> {
    const controller = new AbortController();
    this.reading.set(page, controller);
    try {
      this.takePage(page, await this.read(page * PAGE_ROWS, PAGE_ROWS, controller.signal));
    } catch (error) {
      if (!controller.signal.aborted) this.fail(error);
    } finally {
      if (this.reading.get(page) === controller) this.reading.delete(page);
    }
  }

  private takePage(page: number, { rows, first, total }: RowPage<T>): void {
    const slots: T[] = [];
    for (const row of rows) slots[(this.numberOf(row) - 1) % PAGE_ROWS] = row;
    this.pages.delete(page);
    this.pages.set(page, slots);
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= KEPT_PAGES) break;
      this.pages.delete(oldest);
    }
    this.error = null;
    this.first = Math.max(1, first);
    this.total = Math.max(this.total, total);
    this.dispatchEvent(new Event("rows"));
  }

  private fail(error: unknown): void {
    this.error = error;
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => this.retry(), REST_MS);
    this.dispatchEvent(new Event("rows"));
  }
}

function pageOf(n: number): number {
  return Math.floor((n - 1) / PAGE_ROWS);
}
