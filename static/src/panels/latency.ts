// How long handler runs took, as bars over a logarithmic scale, and in one sentence. Pure.
import { duration, number, plural } from "../parts/format.ts";

/** Runs that took `from` to `to` ms; `x`, `width` in parts of the picture's width, `height` of the highest bar. */
export interface LatencyBar {
  from: number;
  to: number;
  count: number;
  x: number;
  width: number;
  height: number;
}

export interface LatencyPicture {
  bars: LatencyBar[];
  /** Where a duration is, in parts of the width, from 0 to 1. */
  at(ms: number): number;
}

/** So many bars are told apart; more are merged. */
const MOST_BARS = 36;

/** A picture is at least so many buckets wide, so that one bar is no wall. */
const FEWEST_BARS = 10;

/** The picture of `histogram`, as on the wire: [bucket, count], bucket b from 10^(b/10) µs. */
export function latencyPicture(histogram: readonly (readonly [number, number])[]): LatencyPicture {
  if (histogram.length === 0) return { bars: [], at: () => 0 };
  const buckets = histogram.map(([bucket]) => bucket);
  const [low, high] = widened(Math.min(...buckets), Math.max(...buckets));
  const merge = Math.ceil((high - low + 1) / MOST_BARS);
  const slots = Math.ceil((high - low + 1) / merge);
  const counts = new Array<number>(slots).fill(0);
  for (const [bucket, count] of histogram) counts[Math.floor((bucket - low) / merge)]! += count;
  const most = Math.max(...counts);
  const bars = counts.flatMap((count, i) => {
    const [from, to] = [edge(low + i * merge), edge(low + (i + 1) * merge)];
    return count ? [{ from, to, count, x: i / slots, width: 1 / slots, height: count / most }] : [];
  });
  const at = (ms: number): number => clamp((10 * Math.log10(ms * 1000) - low) / (slots * merge));
  return { bars, at };
}

function widened(low: number, high: number): [number, number] {
  const missing = Math.max(0, FEWEST_BARS - (high - low + 1));
  return [low - Math.floor(missing / 2), high + Math.ceil(missing / 2)];
}

/** The lower edge of a bucket, ms. */
function edge(bucket: number): number {
  return 10 ** (bucket / 10) / 1000;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** The picture in words. */
export function latencySentence(
  picture: LatencyPicture,
  p50: number | null,
  p95: number | null,
  longest: number | null,
): string {
  const runs = picture.bars.reduce((sum, bar) => sum + bar.count, 0);
  const top = picture.bars.find((bar) => bar.height === 1);
  if (!top) return "No handler run has ended yet.";
  return [
    `Latency of ${plural(runs, "run")}: half took at most ${duration(p50)}, 95 % at most ${duration(p95)}`,
    `the longest ${duration(longest)}; most took ${barWords(top)}.`,
  ].join(", ");
}

/** "1.0 to 1.3 ms". */
export function barWords({ from, to }: LatencyBar): string {
  return `${duration(from)} to ${duration(to)}`;
}

/** What stands over a bar on hover. */
export function barTitle(bar: LatencyBar): string {
  return `${barWords(bar)}: ${number(bar.count)}`;
}
