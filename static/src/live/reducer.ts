// Folds one frame into a view: no DOM, no socket, no clock.
import type { ConnectionFigures, Frame, JobSummary, Series } from "./protocol.ts";
import { type Changes, type HistoryRecord, type JobView, KEPT_RECORDS, noChanges } from "./view.ts";

/** Folds `frame` into `view`, in place, and says what is different. The frame must be the next one (see `follows`). */
export function apply(view: JobView, frame: Frame): Changes {
  const changes = noChanges();
  changes.job = jobTurned(view.job, frame.job);
  view.job = frame.job;
  if (frame.flow) {
    view.flow = frame.flow;
    changes.flow = true;
  }
  replace(view.routines, frame.routines, changes.routines);
  countEmissions(view.connections, frame.connections, changes.emissions);
  replace(view.connections, frame.connections, changes.connections);
  replace(view.states, frame.states, changes.states);
  changes.records = Math.max(0, frame.seq - view.seq);
  if (frame.records) view.records = withNewest(view.records, frame.records);
  if (frame.log) view.log = frame.log;
  if (frame.outputs) view.outputs = frame.outputs;
  changes.log = Boolean(frame.log);
  changes.outputs = Boolean(frame.outputs);
  changes.series = foldSeries(view, frame);
  view.seq = frame.seq;
  view.frame = frame.frame;
  view.at = frame.at;
  return changes;
}

/** Whether `frame` is the next one; if not, something was missed and a keyframe must be asked for. */
export function follows(view: JobView, frame: Frame): boolean {
  return frame.frame === view.frame + 1;
}

function jobTurned(before: JobSummary, after: JobSummary): boolean {
  return (
    before.status !== after.status ||
    before.control.action !== after.control.action ||
    before.control.state !== after.control.state ||
    before.error?.timestamp !== after.error?.timestamp
  );
}

function replace<T>(target: { [id: string]: T }, source: { [id: string]: T } | undefined, changed: Set<string>): void {
  for (const [id, value] of Object.entries(source ?? {})) {
    target[id] = value;
    changed.add(id);
  }
}

function countEmissions(
  before: { [id: string]: ConnectionFigures },
  after: { [id: string]: ConnectionFigures } | undefined,
  emissions: Map<string, number>,
): void {
  for (const [id, { count }] of Object.entries(after ?? {})) {
    const sent = count - (before[id]?.count ?? 0);
    if (sent > 0) emissions.set(id, sent);
  }
}

function withNewest(kept: HistoryRecord[], newest: HistoryRecord[]): HistoryRecord[] {
  const last = kept.at(-1)?.seq ?? 0;
  const fresh = newest.filter((record) => record.seq > last);
  return [...kept, ...fresh].slice(-KEPT_RECORDS);
}

/** The charts' points: `series` starts them anew, `samples` are added where their index says. */
function foldSeries(view: JobView, frame: Frame): boolean {
  if (frame.series) view.series = frame.series;
  for (const sample of frame.samples ?? []) addSample(view.series, sample);
  return Boolean(frame.series) || (frame.samples?.length ?? 0) > 0;
}

function addSample(series: Series, sample: Series["points"][number]): void {
  const last = series.points.at(-1);
  if (!last || sample.index > last.index) series.points.push(sample);
}
