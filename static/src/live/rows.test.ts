import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { PAGE_ROWS, RowSource } from "./rows.ts";

interface Row {
  n: number;
}

const rowsOf = (after: number, limit: number, total: number): Row[] =>
  Array.from({ length: Math.min(limit, total - after) }, (_, index) => ({ n: after + index + 1 }));

describe("rows of a long list", () => {
  const read = vi.fn(async (after: number, limit: number, _signal: AbortSignal) => ({
    rows: rowsOf(after, limit, 10_000),
    first: 1,
    total: 10_000,
  }));
  let source: RowSource<Row>;

  beforeEach(() => {
    vi.useFakeTimers();
    read.mockClear();
    source = new RowSource<Row>(read, ({ n }) => n);
    source.takeNewest([{ n: 9_999 }, { n: 10_000 }], 10_000);
  });

  afterEach(() => {
    source.close();
    vi.useRealTimers();
  });

  test("that came with frames are not read", async () => {
    source.want(9_999, 10_000);
    await vi.runAllTimersAsync();
    expect(read).not.toHaveBeenCalled();
    expect(source.row(10_000)).toEqual({ n: 10_000 });
  });

  test("are read in pages, each once", async () => {
    source.want(395, 405);
    await vi.runAllTimersAsync();
    expect(read.mock.calls.map(([after, limit]) => [after, limit])).toEqual([
      [200, PAGE_ROWS],
      [400, PAGE_ROWS],
    ]);
    expect(source.row(395)).toEqual({ n: 395 });
    source.want(390, 410);
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("that are out of sight again are given up", async () => {
    let given: AbortSignal | null = null;
    read.mockImplementationOnce(async (after, limit, signal) => {
      given = signal;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return { rows: rowsOf(after, limit, 10_000), first: 1, total: 10_000 };
    });
    source.want(1, 10);
    source.want(5_000, 5_010);
    await vi.advanceTimersByTimeAsync(100);
    expect(given!.aborted).toBe(true);
    expect(source.row(5_000)).toEqual({ n: 5_000 });
  });

  test("are kept within a bound; the ones read longest ago go first", async () => {
    for (let page = 0; page < 40; page++) {
      source.want(page * PAGE_ROWS + 1, page * PAGE_ROWS + 10);
      await vi.runAllTimersAsync();
    }
    expect(source.row(1)).toBeUndefined();
    expect(source.row(39 * PAGE_ROWS + 1)).toBeDefined();
  });

  test("begin where the server's do", async () => {
    read.mockImplementationOnce(async (after, limit) => ({
      rows: rowsOf(after, limit, 10_000),
      first: 301,
      total: 10_000,
    }));
    source.want(1, 10);
    await vi.runAllTimersAsync();
    expect(source.first).toBe(301);
    source.want(1, 10);
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(1);
  });

  test("that cannot be read are told of, and read again after a rest", async () => {
    const told = vi.fn();
    source.addEventListener("rows", told);
    read.mockImplementationOnce(async () => Promise.reject(new Error("no line")));
    source.want(1, 10);
    await vi.advanceTimersByTimeAsync(1000);
    source.want(1, 10);
    await vi.advanceTimersByTimeAsync(1000);
    expect([(source.error as Error).message, told.mock.calls.length, read.mock.calls.length]).toEqual([
      "no line",
      1,
      1,
    ]);
    await vi.advanceTimersByTimeAsync(2000);
    expect([source.error, source.row(1), read.mock.calls.length]).toEqual([null, { n: 1 }, 2]);
  });

  test("that cannot be read are read at once when asked", async () => {
    read.mockImplementationOnce(async () => Promise.reject(new Error("no line")));
    source.want(1, 10);
    await vi.advanceTimersByTimeAsync(100);
    source.retry();
    await vi.advanceTimersByTimeAsync(1);
    expect(source.row(1)).toEqual({ n: 1 });
  });
});
