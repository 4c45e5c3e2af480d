// From the series on the wire to columns that a chart draws: [times, values, values, …]. Pure.
import type { Series } from "../live/protocol.ts";

/** Curves that are told apart by colour in one chart; there are as many colours. */
export const MOST_CURVES = 8;

/** A chart has no room for more points than these. */
const MOST_POINTS = 120;

export type Values = (number | null)[];
/** Seconds since the job's creation at the end of each interval, and one column for each curve. */
export interface ChartPoints {
  times: number[];
  curves: Values[];
}

/** The routines that ran most often in the series, in the flow's order; at most MOST_CURVES. */
export function busiest(series: Series, routineIds: readonly string[]): string[] {
  const runs = new Map(routineIds.map((id) => [id, 0]));
  for (const point of series.points) {
    for (const [id, figures] of Object.entries(point.routines)) runs.set(id, (runs.get(id) ?? 0) + figures[0]);
  }
  const most = [...runs]
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_CURVES);
  const chosen = new Set(most.map(([id]) => id));
  return routineIds.filter((id) => chosen.has(id));
}

type Sample = Series["points"][number];

/** The series with at most MOST_POINTS points: neighbours are merged, and wait until they are whole. */
export function thinned(series: Series): Series {
  const size = Math.ceil(series.points.length / MOST_POINTS);
  if (size <= 1) return series;
  const points: Sample[] = [];
  for (let at = 0; at + size <= series.points.length; at += size) {
    points.push({ ...merged(series.points.slice(at, at + size)), index: points.length });
  }
  return { ...series, interval_ms: series.interval_ms * size, points };
}

/** What happened is added up; how things stood is as of the last. */
function merged(samples: Sample[]): Sample {
  return samples.reduce((before, after) => ({
    ...after,
    events: before.events + after.events,
    errors: before.errors + after.errors,
    routines: mergedRoutines(before.routines, after.routines),
  }));
}

function mergedRoutines(before: Sample["routines"], after: Sample["routines"]): Sample["routines"] {
  const all = { ...before };
  for (const [id, [runs, queued, busy]] of Object.entries(after)) {
    const [runsBefore, , busyBefore] = all[id] ?? [0, 0, 0];
    all[id] = [runs + runsBefore, queued, busy + busyBefore];
  }
  return all;
}

function columns(series: Series, createdAt: number, curves: Values[]): ChartPoints {
  const from = (series.start - createdAt) / 1000;
  const step = series.interval_ms / 1000;
  return { times: series.points.map(({ index }) => from + (index + 1) * step), curves };
}

type Figures = Sample["routines"][string];

function ofRoutines(series: Series, ids: readonly string[], pick: (figures: Figures) => number | null): Values[] {
  return ids.map((id) =>
    series.points.map(({ routines }) => {
      const figures = routines[id];
      return figures ? pick(figures) : pick([0, 0, 0]);
    }),
  );
}

/** Handler runs a second; of the whole job (its events a second) where single routines are not told. */
export function throughput(series: Series, createdAt: number, ids: readonly string[]): ChartPoints {
  const each = 1000 / series.interval_ms;
  const whole = [series.points.map(({ events }) => events * each)];
  return columns(series, createdAt, ids.length ? ofRoutines(series, ids, ([runs]) => runs * each) : whole);
}

/** Messages that waited at the end of each interval. */
export function queueDepth(series: Series, createdAt: number, ids: readonly string[]): ChartPoints {
  const whole = [series.points.map(({ queued }) => queued)];
  return columns(series, createdAt, ids.length ? ofRoutines(series, ids, ([, queued]) => queued) : whole);
}

/** Mean duration of the handler runs that ended in each interval, ms; null where none did. */
export function meanDuration(series: Series, createdAt: number, ids: readonly string[]): ChartPoints {
  const mean = ([runs, , busy]: Figures): number | null => (runs ? busy / runs : null);
  return columns(series, createdAt, ofRoutines(series, ids, mean));
}

/** Failed handler runs in each interval. */
export function errors(series: Series, createdAt: number): ChartPoints {
  return columns(series, createdAt, [series.points.map((point) => point.errors)]);
}

/** Handlers that ran at the end of each interval: how many workers were busy. */
export function busyWorkers(series: Series, createdAt: number): ChartPoints {
  return columns(series, createdAt, [series.points.map(({ running }) => running)]);
}
