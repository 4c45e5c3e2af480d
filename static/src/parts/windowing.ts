// Which rows of a long list are in sight. Browsers cap an element's height, so beyond 8 million pixels the scroll bar
// works on a smaller scale than the rows. Pure.

/** No element is made higher than this, px. */
export const MAX_HEIGHT = 8_000_000;

/** A list of `rows`, each `rowHeight` px high, seen through `viewport` px. */
export interface Extent {
  rows: number;
  rowHeight: number;
  viewport: number;
}

/** How high the rows are together, px. */
export function contentHeight({ rows, rowHeight }: Extent): number {
  return rows * rowHeight;
}

/** How high the element is that makes the scroll bar, px. */
export function spacerHeight(extent: Extent): number {
  return Math.min(MAX_HEIGHT, contentHeight(extent));
}

/** The largest offset: there the last row is in sight. An offset is measured in px of rows. */
export function maxOffset(extent: Extent): number {
  return Math.max(0, contentHeight(extent) - extent.viewport);
}

/** The offset that a scroll position stands for. */
export function offsetAt(scrollTop: number, extent: Extent): number {
  return clamp(scrollTop * scale(extent), extent);
}

/** The scroll position that stands for an offset. */
export function scrollTopAt(offset: number, extent: Extent): number {
  return clamp(offset, extent) / scale(extent);
}

export function clamp(offset: number, extent: Extent): number {
  return Math.min(maxOffset(extent), Math.max(0, offset));
}

/** Px of rows for each px of the scroll bar: 1 up to the cap, more beyond it. */
export function scale(extent: Extent): number {
  const travel = spacerHeight(extent) - extent.viewport;
  return travel > 0 ? maxOffset(extent) / travel : 1;
}

/** Rows `first` up to (not including) `end` are drawn, with `margin` rows more on both sides than are in sight. */
export function rowsAt(offset: number, extent: Extent, margin: number): { first: number; end: number } {
  const first = Math.floor(offset / extent.rowHeight) - margin;
  const end = Math.ceil((offset + extent.viewport) / extent.rowHeight) + margin;
  return { first: Math.max(0, first), end: Math.min(extent.rows, end) };
}

/** The offset nearest to `offset` at which row `index` is wholly in sight. */
export function revealing(index: number, offset: number, extent: Extent): number {
  const top = index * extent.rowHeight;
  if (top < offset) return top;
  return clamp(Math.max(offset, top + extent.rowHeight - extent.viewport), extent);
}
