// Made by `npm run types` from dashboard/routilux_dashboard/protocol. Do not edit: a test fails when it drifts.

/**
 * Every shape on the wire, by its name.
 */
export interface Wire {
  Ack: Ack;
  AckReply: AckReply;
  ConnectionDefinition: ConnectionDefinition;
  ConnectionFigures: ConnectionFigures;
  Control: Control;
  ControlRequest: ControlRequest;
  Counts: Counts;
  Dropped: Dropped;
  EntryPoint: EntryPoint;
  ErrorHandling: ErrorHandling;
  ErrorReport: ErrorReport;
  EventRef: EventRef;
  FlowDefinition: FlowDefinition;
  Frame: Frame;
  HistoryPage: HistoryPage;
  Job: Job;
  JobSummary: JobSummary;
  Jobs: Jobs;
  Keyframe: Keyframe;
  LiveError: LiveError;
  LogPage: LogPage;
  LogRow: LogRow;
  LogTail: LogTail;
  OutputPage: OutputPage;
  OutputRow: OutputRow;
  OutputTail: OutputTail;
  Problem: Problem;
  Record: Record;
  RetryFigures: RetryFigures;
  RoutineDefinition: RoutineDefinition;
  RoutineFigures: RoutineFigures;
  RoutineState: RoutineState;
  RunningHandler: RunningHandler;
  Sample: Sample;
  Series: Series;
  SlotRef: SlotRef;
  SourceLocation: SourceLocation;
  StartJob: StartJob;
  StoreHealth: StoreHealth;
  Subscribe: Subscribe;
  Unsubscribe: Unsubscribe;
}
/**
 * Client: frame `frame` of `job_id` (or of "jobs") has been shown. Without a job: a ping.
 */
export interface Ack {
  job_id?: string | null;
  frame?: number;
}
/**
 * Server's answer to an `ack`: its clock, when its pump last ran (both epoch ms), and how its store is doing.
 */
export interface AckReply {
  at: number;
  pumped_at: number;
  store: StoreHealth;
}
/**
 * How the server's store is doing.
 *
 * `state`: "none" (nothing is kept beyond memory), "ok", "behind" (it is written later than it comes in) or
 * "failing" (nothing can be written, for `reason`). `since`: when that began. `waiting`: rows that are held in
 * memory until they can be written; `lost`: rows that are not kept, ever; `thinned`: records that programs elsewhere
 * have left out, counted only, for too much waited in them to be sent. `place`: where the store is, without passwords.
 */
export interface StoreHealth {
  state: "behind" | "failing" | "none" | "ok";
  reason: string;
  since: string | null;
  waiting: number;
  lost: number;
  thinned: number;
  place: string;
}
/**
 * One edge of a flow: `source.event` to `target.slot`.
 */
export interface ConnectionDefinition {
  connection_id: string;
  source: EventRef;
  target: SlotRef;
  param_mapping: {
    [k: string]: string;
  };
}
export interface EventRef {
  routine_id: string;
  event: string;
}
export interface SlotRef {
  routine_id: string;
  slot: string;
}
/**
 * `count`: messages sent along the connection. `rate`: a second, over the last second.
 */
export interface ConnectionFigures {
  count: number;
  rate: number;
}
/**
 * The last thing asked of a job and how far it is.
 *
 * `state` is `requested` (written down), `draining` (no new handler starts; those in
 * `waiting_for` still run) or `effective`. `refusals` says for each action why it cannot
 * act now, or null when it can.
 */
export interface Control {
  action: ("cancel" | "pause" | "resume" | "step") | null;
  state: ("draining" | "effective" | "requested") | null;
  by: string;
  reason: string;
  since: string | null;
  waiting_for: RunningHandler[];
  kept: number;
  dropped: number;
  refusals: {
    [k: string]: string | null;
  };
}
/**
 * A handler that is running now.
 */
export interface RunningHandler {
  routine_id: string;
  slot: string;
  running_ms: number;
}
/**
 * `POST /jobs/{job_id}/pause|resume|cancel`.
 */
export interface ControlRequest {
  reason?: string;
}
/**
 * Exact figures of a job: emissions, failed handler runs, waiting and running activations.
 */
export interface Counts {
  events: number;
  errors: number;
  queued: number;
  running: number;
}
/**
 * Server: nothing more comes of a job that the client watches; the rest says why, as a `LiveError` does.
 *
 * 404: it is no longer on the server.
 */
export interface Dropped {
  job_id: string;
  status: number;
  title: string;
  detail: string;
}
/**
 * A routine with a `trigger` slot, and its parameters as JSON Schema.
 */
export interface EntryPoint {
  routine_id: string;
  doc: string;
  parameters: {
    [k: string]: unknown;
  };
}
/**
 * What happens when a handler of a routine raises, and who decided it.
 */
export interface ErrorHandling {
  strategy: "continue" | "retry" | "skip" | "stop";
  level: "default" | "flow" | "routine";
  max_retries: number;
  retry_delay: number;
  retry_backoff: number;
  is_critical: boolean;
}
/**
 * One failure of a handler.
 */
export interface ErrorReport {
  routine_id: string;
  slot: string;
  error_type: string;
  error: string;
  traceback: string;
  timestamp: string;
}
/**
 * The structure of a flow; `version` changes when the structure does.
 */
export interface FlowDefinition {
  flow_id: string;
  version: string;
  execution_strategy: "concurrent" | "sequential";
  max_workers: number;
  routines: RoutineDefinition[];
  connections: ConnectionDefinition[];
  entries: EntryPoint[];
}
/**
 * One node of a flow.
 */
export interface RoutineDefinition {
  routine_id: string;
  class: string;
  doc: string;
  slots: string[];
  events: string[];
  error_strategy: ErrorHandling;
  source: SourceLocation | null;
}
/**
 * Where a routine's class is written.
 */
export interface SourceLocation {
  file: string;
  line: number;
}
/**
 * What changed since frame `frame - 1`; at most 20 a second. Absent fields did not change.
 *
 * `records` are the newest (at most 50) and end at `seq`; what lies between is read by range.
 * `flow` is there when the structure changed, `series` instead of `samples` when the
 * interval doubled.
 */
export interface Frame {
  job_id: string;
  frame: number;
  seq: number;
  at: number;
  job: JobSummary;
  routines?: {
    [k: string]: RoutineFigures;
  };
  connections?: {
    [k: string]: ConnectionFigures;
  };
  states?: {
    [k: string]: RoutineState;
  };
  records?: Record[];
  log?: LogTail | null;
  outputs?: OutputTail | null;
  samples?: Sample[];
  series?: Series | null;
  flow?: FlowDefinition | null;
}
/**
 * A job without its graph: a row of the list, the header of the page.
 *
 * `rate` is events a second over the last second; `activity` events in each of the last
 * 20 seconds. `params` is a preview; `rerunnable` says that the job can be started again
 * with what it was started with. `last_sign`: the time of its program's last message, while the status
 * is "lost".
 */
export interface JobSummary {
  job_id: string;
  flow_id: string;
  status: "cancelled" | "completed" | "failed" | "lost" | "paused" | "pending" | "running";
  created_at: string;
  updated_at: string;
  ended_at: string | null;
  seq: number;
  counts: Counts;
  rate: number;
  activity: number[];
  control: Control;
  entry: string | null;
  params: unknown;
  rerunnable: boolean;
  origin: string;
  error: ErrorReport | null;
  last_sign: string | null;
}
/**
 * What one routine has done in a job. `done` and `errors` count handler runs exactly.
 *
 * `activity`: handler runs that ended in each of the last 20 seconds, oldest first.
 * `histogram`: pairs [bucket, count]; bucket b holds durations from 10**(b/10) to
 * 10**((b+1)/10) microseconds. `detail`: why it is not running, or what it waits for.
 * `retry`: the attempt that is due next, while the status is "retry".
 */
export interface RoutineFigures {
  status: "cancelled" | "completed" | "failed" | "idle" | "lost" | "paused" | "pending" | "retry" | "running";
  done: number;
  errors: number;
  retries: number;
  queued: number;
  running: number;
  avg_ms: number | null;
  min_ms: number | null;
  max_ms: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  activity: number[];
  histogram: [number, number][];
  detail: string;
  last_error: ErrorReport | null;
  retry?: RetryFigures | null;
}
/**
 * A handler that raised and waits for retry `attempt` of `max_retries`, due at `due_at` (epoch ms).
 */
export interface RetryFigures {
  attempt: number;
  max_retries: number;
  due_at: number;
}
/**
 * A preview of what `update_routine_state` stored.
 */
export interface RoutineState {
  state: unknown;
  cut: boolean;
}
/**
 * One record of the history. `cause` is the `seq` that led to it, or null.
 */
export interface Record {
  seq: number;
  timestamp: string;
  routine_id: string;
  event_name: string;
  kind: "completed" | "custom" | "error" | "error_continued" | "event" | "retry" | "start";
  data: unknown;
  cause: number | null;
  cut: boolean;
}
/**
 * The newest rows (at most 50, ending at number `total`).
 */
export interface LogTail {
  total: number;
  rows: LogRow[];
}
/**
 * One entry of the shared log, numbered from 1.
 */
export interface LogRow {
  n: number;
  timestamp: string;
  entry: unknown;
  cut: boolean;
}
/**
 * The newest rows (at most 50, ending at number `total`).
 */
export interface OutputTail {
  total: number;
  rows: OutputRow[];
}
/**
 * One output of a routine, numbered from 1.
 */
export interface OutputRow {
  n: number;
  timestamp: string;
  routine_id: string;
  output_type: string;
  data: unknown;
  cut: boolean;
}
/**
 * One closed interval of the charts; routines as {id: [runs ended, queued at its end, busy ms]}.
 */
export interface Sample {
  index: number;
  events: number;
  errors: number;
  queued: number;
  running: number;
  routines: {
    /**
     * @minItems 3
     * @maxItems 3
     */
    [k: string]: [number, number, number];
  };
}
/**
 * The charts' points so far, oldest first; point i covers `interval_ms` from `start + i * interval_ms`.
 *
 * At 480 points neighbours are merged and the interval doubles. Flows of more than 50
 * routines have no figures of single routines here.
 */
export interface Series {
  start: number;
  interval_ms: number;
  points: Sample[];
}
/**
 * `GET /jobs/{job_id}/history`: records of a range; `first` and `last` are the seqs kept, `total` all ever made.
 *
 * `searched_to`: the search for a filter was broken off there, for it took long; go on `after` that seq (or
 * `before` it, backwards). Null when everything in the range has been looked at, or the page is full.
 */
export interface HistoryPage {
  records: Record[];
  first: number;
  last: number;
  total: number;
  searched_to?: number | null;
}
/**
 * `GET /jobs/{job_id}`: the whole of a job but its history.
 */
export interface Job {
  job_id: string;
  flow_id: string;
  status: "cancelled" | "completed" | "failed" | "lost" | "paused" | "pending" | "running";
  created_at: string;
  updated_at: string;
  ended_at: string | null;
  seq: number;
  counts: Counts;
  rate: number;
  activity: number[];
  control: Control;
  entry: string | null;
  params: unknown;
  rerunnable: boolean;
  origin: string;
  error: ErrorReport | null;
  last_sign: string | null;
  routines: {
    [k: string]: RoutineFigures;
  };
  connections: {
    [k: string]: ConnectionFigures;
  };
}
/**
 * The list of jobs: everything when `full`, else what changed. Newest jobs first in `full`.
 */
export interface Jobs {
  at: number;
  full: boolean;
  jobs: JobSummary[];
  removed: string[];
  counts: {
    [k: string]: number;
  };
  rate: number;
  activity: number[];
  flows: string[];
  store: StoreHealth;
}
/**
 * The complete state of a job, sent on (re)connection and after a client fell behind.
 */
export interface Keyframe {
  job_id: string;
  frame: number;
  seq: number;
  at: number;
  flow: FlowDefinition;
  job: JobSummary;
  routines: {
    [k: string]: RoutineFigures;
  };
  connections: {
    [k: string]: ConnectionFigures;
  };
  states: {
    [k: string]: RoutineState;
  };
  records: Record[];
  log: LogTail;
  outputs: OutputTail;
  series: Series;
}
/**
 * Server's answer to a `subscribe` that cannot be served.
 */
export interface LiveError {
  status: number;
  title: string;
  detail: string;
}
export interface LogPage {
  entries: LogRow[];
  first: number;
  last: number;
  total: number;
}
export interface OutputPage {
  outputs: OutputRow[];
  first: number;
  last: number;
  total: number;
}
/**
 * RFC 9457, `application/problem+json`.
 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
}
/**
 * `POST /flows/{flow_id}/jobs`. `again` names a job whose entry and parameters are used as they were.
 */
export interface StartJob {
  entry?: string | null;
  params?: {
    [k: string]: unknown;
  } | null;
  again?: string | null;
}
/**
 * Client: watch one job (with the last `seq` it has) or the list of jobs.
 */
export interface Subscribe {
  job_id?: string | null;
  since?: number;
  jobs?: boolean;
}
/**
 * Client: stop watching.
 */
export interface Unsubscribe {
  job_id?: string | null;
  jobs?: boolean;
}
export const JOB_STATUSES = ["pending", "running", "paused", "completed", "failed", "cancelled", "lost"] as const;
export const ENDED_STATUSES = ["completed", "failed", "cancelled"] as const;
export const ACTIONS = ["pause", "resume", "step", "cancel"] as const;
export const OUTCOMES = ["completed", "failed", "error_continued", "skipped", "retry", "cancelled"] as const;
export const RECORD_KINDS = ["event", "start", "completed", "error", "error_continued", "retry", "custom"] as const;
export const ENTRY_SLOT = "trigger" as const;
