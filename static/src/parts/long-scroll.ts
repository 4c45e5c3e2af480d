// Where a long list is scrolled to: follows its end until the reader scrolls up, and keeps rows and scroll bar in step
// even where the bar works on a smaller scale than the rows.
import { type Extent, clamp, maxOffset, offsetAt, scale, scrollTopAt, spacerHeight } from "./windowing.ts";

/** A scroll so soon after a touch moves rows pixel by pixel; a drag of the bar jumps on its scale. */
const TOUCH_MS = 250;

/** What is scrolled: `bar` is the element that scrolls, `rows` the one that is moved to where it is seen. */
export interface Scrolled {
  bar: HTMLElement;
  rows: HTMLElement;
}

export class LongScroll {
  /** Px of rows above what is in sight. */
  offset = 0;
  following = true;

  private expectedTop = 0;
  private touchedUntil = 0;
  private settling = 0;

  /** `moved` is called when something else is in sight; `left` when the reader leaves the end. */
  constructor(
    private readonly extent: () => Extent,
    private readonly scrolled: () => Scrolled | null,
    private readonly moved: () => void,
    private readonly left: () => void,
  ) {}

  /** Before drawing: takes over the reader's movement, and stays within the rows that there are. */
  aim(): void {
    this.notice();
    this.offset = this.following ? maxOffset(this.extent()) : clamp(this.offset, this.extent());
  }

  /** After drawing: puts bar and rows where the offset says; `first` is the index of the first row drawn. */
  place(first: number): void {
    const { bar, rows } = this.scrolled() ?? {};
    if (!bar || !rows) return;
    // While rows move pixel by pixel, the bar is left alone; it is put right when the movement is over.
    if (this.following || performance.now() >= this.touchedUntil || scale(this.extent()) === 1) this.placeBar(bar);
    rows.style.transform = `translateY(${this.expectedTop + first * this.extent().rowHeight - this.offset}px)`;
  }

  goTo(offset: number): void {
    this.touchedUntil = 0;
    this.offset = clamp(offset, this.extent());
    this.setFollowing();
    this.moved();
  }

  follow(): void {
    this.following = true;
    this.moved();
  }

  /** Rows were added (or, negative, taken away) above what is in sight. */
  shift(px: number): void {
    this.offset = Math.max(0, this.offset + px);
  }

  /** The bar was moved, by whomever. */
  scroll(): void {
    this.notice();
    this.moved();
  }

  wheel(event: WheelEvent): void {
    const { rowHeight, viewport } = this.extent();
    if (event.deltaY < 0 && this.offset > 0) this.leave();
    if (scale(this.extent()) === 1 || event.deltaY === 0 || event.ctrlKey) return;
    event.preventDefault(); // the bar's scale is not the rows': a turn of the wheel would skip over them
    const unit = [1, rowHeight, viewport][event.deltaMode] ?? 1; // pixels, lines or pages
    this.goTo(this.offset + event.deltaY * unit);
  }

  touch(): void {
    this.touchedUntil = performance.now() + TOUCH_MS;
    clearTimeout(this.settling);
    this.settling = window.setTimeout(this.moved, TOUCH_MS + 20);
  }

  stop(): void {
    clearTimeout(this.settling);
  }

  private placeBar(bar: HTMLElement): void {
    const top = scrollTopAt(this.offset, this.extent());
    if (Math.abs(bar.scrollTop - top) >= 1) bar.scrollTop = top;
    this.expectedTop = bar.scrollTop;
  }

  private notice(): void {
    const { bar } = this.scrolled() ?? {};
    const extent = this.extent();
    if (!bar || !extent.viewport) return;
    const top = bar.scrollTop;
    const moved = top - this.expectedTop;
    if (Math.abs(moved) < 1) return;
    this.expectedTop = top;
    if (this.following && atEnd(bar)) return; // its room has grown, and the browser has moved it
    const touched = performance.now() < this.touchedUntil && scale(extent) > 1;
    this.offset = touched ? clamp(this.offset + moved, extent) : offsetAt(top, extent);
    if (touched) this.touched(top, extent);
    this.setFollowing();
  }

  /** Movement goes on after the finger has left; the bar may come to an end before the rows do. */
  private touched(top: number, extent: Extent): void {
    this.touch();
    if (top < 1 || top > spacerHeight(extent) - extent.viewport - 1) this.touchedUntil = 0;
  }

  private setFollowing(): void {
    if (this.offset < maxOffset(this.extent()) - 2) this.leave();
    else this.following = true;
  }

  private leave(): void {
    if (this.following) this.left();
    this.following = false;
  }
}

function atEnd({ scrollTop, clientHeight, scrollHeight }: HTMLElement): boolean {
  return scrollTop + clientHeight >= scrollHeight - 1;
}
