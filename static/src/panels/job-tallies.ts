// Figures over all jobs for the tiles: how many ended in the last day, hour by hour, and how many were under way. Pure.
import type { JobSummary } from "../live/protocol.ts";
import type { JobStatus } from "../live/view.ts";

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

interface Span {
  from: number;
  /** Infinity while it is under way. */
  to: number;
}

/** Parsing times is what costs most when there are ten thousand jobs: each is parsed once. */
const SPANS = new WeakMap<JobSummary, Span>();

function span(job: JobSummary): Span {
  const known = SPANS.get(job);
  if (known) return known;
  const { created_at } = job;
  const end = job.ended_at ?? job.last_sign;
  const parsed = {
    from: Date.parse(created_at),
    to: end === null ? Number.POSITIVE_INFINITY : Date.parse(end),
  };
  SPANS.set(job, parsed);
  return parsed;
}

/** Jobs that ended with `status` in each of the last 24 hours before `now` (epoch ms), oldest hour first. */
export function endedByHour(jobs: Iterable<JobSummary>, status: JobStatus, now: number): number[] {
  const hours = new Array<number>(DAY_HOURS).fill(0);
  for (const job of jobs) {
    if (job.status !== status || job.ended_at === null) continue;
    const hour = DAY_HOURS - 1 - Math.floor((now - span(job).to) / HOUR_MS);
    if (hour >= 0) hours[Math.min(hour, DAY_HOURS - 1)]! += 1;
  }
  return hours;
}

/** How many jobs were under way at each of `points` moments in the last hour before `now`, oldest first. */
export function underWayLastHour(jobs: Iterable<JobSummary>, now: number, points = 30): number[] {
  const counts = new Array<number>(points).fill(0);
  const step = HOUR_MS / (points - 1);
  const first = now - HOUR_MS;
  for (const job of jobs) {
    const { from, to } = span(job);
    const end = Math.min(points - 1, Math.floor((to - first) / step));
    for (let index = Math.max(0, Math.ceil((from - first) / step)); index <= end; index++) counts[index]! += 1;
  }
  return counts;
}

/** How long the job that has been paused longest has been, ms; null when none is. */
export function longestPause(jobs: Iterable<JobSummary>, now: number): number | null {
  let longest: number | null = null;
  for (const { status, control } of jobs) {
    if (status === "paused" && control.since) longest = Math.max(longest ?? 0, now - Date.parse(control.since));
  }
  return longest;
}

/** How long ago the job that was lost last was last heard of, ms; null when none is. */
export function newestSilence(jobs: Iterable<JobSummary>, now: number): number | null {
  let newest: number | null = null;
  for (const { status, last_sign: sign } of jobs) {
    if (status === "lost" && sign) newest = Math.min(newest ?? Number.POSITIVE_INFINITY, now - Date.parse(sign));
  }
  return newest;
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
