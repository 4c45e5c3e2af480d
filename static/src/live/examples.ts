// Plausible shapes of the wire for tests: each function takes what matters to the test and makes up the rest.
import type { Heard } from "./link.ts";
import { UNHEARD } from "./link.ts";
import type { Frame, JobSummary, Jobs, Keyframe, RoutineFigures, Sample, StoreHealth } from "./protocol.ts";
import type { HistoryRecord } from "./view.ts";

const CREATED = "2026-03-02T12:00:00.000000+00:00";

export function aJob(some: Partial<JobSummary> = {}): JobSummary {
  return {
    job_id: "7f3a91c2-0000",
    flow_id: "stdlib-census",
    status: "running",
    created_at: CREATED,
    updated_at: CREATED,
    ended_at: null,
    seq: 0,
    counts: { events: 0, errors: 0, queued: 0, running: 0 },
    rate: 0,
    activity: [],
    control: aControl(),
    entry: "walker",
    params: {},
    rerunnable: true,
    origin: "worker-1",
    error: null,
    last_sign: null,
    ...some,
  };
}

export function aControl(some: Partial<JobSummary["control"]> = {}): JobSummary["control"] {
  return {
    action: null,
    state: null,
    by: "",
    reason: "",
    since: null,
    waiting_for: [],
    kept: 0,
    dropped: 0,
    refusals: { pause: null, resume: "the job is running", cancel: null },
    ...some,
  };
}

export function aKeyframe(some: Partial<Keyframe> = {}): Keyframe {
  return {
    job_id: "7f3a91c2-0000",
    frame: 1,
    seq: 0,
    at: 0,
    flow: {
      flow_id: "stdlib-census",
      version: "1",
      execution_strategy: "concurrent",
      max_workers: 4,
      routines: [],
      connections: [],
      entries: [],
    },
    job: aJob(),
    routines: {},
    connections: {},
    states: {},
    records: [],
    log: { total: 0, rows: [] },
    outputs: { total: 0, rows: [] },
    series: { start: 0, interval_ms: 500, points: [] },
    ...some,
  };
}

export function aFrame(some: Partial<Frame> = {}): Frame {
  return { job_id: "7f3a91c2-0000", frame: 2, seq: 0, at: 0, job: aJob(), ...some };
}

export function someJobs(some: Partial<Jobs> = {}): Jobs {
  const nothing = { jobs: [], removed: [], counts: {}, rate: 0, activity: [], flows: [] };
  return { at: 0, full: true, ...nothing, store: aStore(), ...some };
}

/** A store that is as it should be. */
export function aStore(some: Partial<StoreHealth> = {}): StoreHealth {
  return { state: "ok", reason: "", since: null, waiting: 0, lost: 0, thinned: 0, place: "runs.db", ...some };
}

export function aRecord(seq: number, some: Partial<HistoryRecord> = {}): HistoryRecord {
  const given = { routine_id: "parser", event_name: "tree", kind: "event", data: {}, cause: null, cut: false } as const;
  return { seq, timestamp: CREATED, ...given, ...some };
}

export function someFigures(some: Partial<RoutineFigures> = {}): RoutineFigures {
  const times = { avg_ms: null, min_ms: null, max_ms: null, p50_ms: null, p95_ms: null };
  const counts = { done: 0, errors: 0, retries: 0, queued: 0, running: 0 };
  const rest = { activity: [], histogram: [], detail: "", due_at: null, last_error: null };
  return { status: "idle", ...counts, ...times, ...rest, ...some } as RoutineFigures;
}

export function aSample(index: number, some: Partial<Sample> = {}): Sample {
  return { index, events: 0, errors: 0, queued: 0, running: 0, routines: {}, ...some };
}

/** A line on which the server was heard just now. */
export function heardNow(some: Partial<Heard> = {}): Heard {
  return { ...UNHEARD, connected: true, heardAt: Date.now(), ...some };
}
