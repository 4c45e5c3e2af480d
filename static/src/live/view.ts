// What the page knows of one job: the last keyframe with every frame since folded in.
import type {
  ConnectionFigures,
  FlowDefinition,
  JobSummary,
  Keyframe,
  LogTail,
  OutputTail,
  Record as HistoryRecord,
  RoutineFigures,
  RoutineState,
  Series,
} from "./protocol.ts";

export type { HistoryRecord };
export type JobStatus = JobSummary["status"];
export type RoutineStatus = RoutineFigures["status"];
export type Action = "pause" | "resume" | "cancel";

/** At most so many of the newest records are kept in a view; older ones are read by range. */
export const KEPT_RECORDS = 500;

/** The job as it is shown. Changed in place by `apply`; nobody else writes to it. */
export interface JobView {
  flow: FlowDefinition;
  job: JobSummary;
  routines: { [routineId: string]: RoutineFigures };
  connections: { [connectionId: string]: ConnectionFigures };
  states: { [routineId: string]: RoutineState };
  /** The newest records, oldest first, at most KEPT_RECORDS; numbers may be missing between frames. */
  records: HistoryRecord[];
  log: LogTail;
  outputs: OutputTail;
  series: Series;
  /** Number of the newest record. */
  seq: number;
  /** Number of the last frame folded in. */
  frame: number;
  /** When the server made that frame, in its own clock, epoch ms. */
  at: number;
}

/** What is different since the last `change` event. */
export interface Changes {
  /** A keyframe came: anything may be different. */
  keyframe: boolean;
  /** The structure of the flow. */
  flow: boolean;
  /** Status, control or error of the job (its counters change with every frame). */
  job: boolean;
  routines: Set<string>;
  connections: Set<string>;
  states: Set<string>;
  /** How many records were made. */
  records: number;
  log: boolean;
  outputs: boolean;
  series: boolean;
  /** Messages sent along each connection since then: what pulses show. Empty after a keyframe. */
  emissions: Map<string, number>;
}

export function noChanges(): Changes {
  return {
    keyframe: false,
    flow: false,
    job: false,
    routines: new Set(),
    connections: new Set(),
    states: new Set(),
    records: 0,
    log: false,
    outputs: false,
    series: false,
    emissions: new Map(),
  };
}

/** Adds `later` to `changes`. */
export function mergeChanges(changes: Changes, later: Changes): void {
  for (const key of ["keyframe", "flow", "job", "log", "outputs", "series"] as const) changes[key] ||= later[key];
  for (const key of ["routines", "connections", "states"] as const) for (const id of later[key]) changes[key].add(id);
  changes.records += later.records;
  for (const [id, count] of later.emissions) changes.emissions.set(id, (changes.emissions.get(id) ?? 0) + count);
}

/** The view that a keyframe describes. */
export function viewOf(keyframe: Keyframe): JobView {
  const { job_id: _, ...view } = keyframe;
  return { ...view, records: view.records.slice(-KEPT_RECORDS) };
}

/** The changes that a keyframe makes to what was shown before it (null: nothing was). */
export function changesOf(keyframe: Keyframe, before: JobView | null): Changes {
  return {
    ...noChanges(),
    keyframe: true,
    flow: before?.flow.version !== keyframe.flow.version,
    job: true,
    routines: new Set(Object.keys(keyframe.routines)),
    connections: new Set(Object.keys(keyframe.connections)),
    states: new Set(Object.keys(keyframe.states)),
    records: Math.max(0, keyframe.seq - (before?.seq ?? 0)),
    log: true,
    outputs: true,
    series: true,
  };
}
