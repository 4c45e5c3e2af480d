// Which jobs are shown: by status, chosen with chips and tiles, kept in the address as ?status=failed,paused. Pure.
import type { JobSummary } from "../live/protocol.ts";
import type { JobStatus } from "../live/view.ts";

/** Statuses in the order in which they are offered. */
export const STATUSES: readonly JobStatus[] = [
  "pending",
  "running",
  "paused",
  "lost",
  "failed",
  "cancelled",
  "completed",
];

/** The statuses that a query string asks for; none means all. */
export function statusesIn(query: string): Set<JobStatus> {
  const asked = (new URLSearchParams(query).get("status") ?? "").split(",");
  return new Set(STATUSES.filter((status) => asked.includes(status)));
}

/** The query string that asks for `statuses`. */
export function withStatuses(query: string, statuses: ReadonlySet<JobStatus>): string {
  const params = new URLSearchParams(query);
  params.delete("status");
  if (statuses.size) params.set("status", STATUSES.filter((status) => statuses.has(status)).join(","));
  return params.size ? `?${params}`.replaceAll("%2C", ",") : "";
}

/** Choosing what is chosen already gives it up again. */
export function toggled(chosen: ReadonlySet<JobStatus>, statuses: readonly JobStatus[]): Set<JobStatus> {
  const same = chosen.size === statuses.length && statuses.every((status) => chosen.has(status));
  return new Set(same ? [] : statuses);
}

export function filtered(jobs: Iterable<JobSummary>, statuses: ReadonlySet<JobStatus>): JobSummary[] {
  const all = [...jobs];
  return statuses.size ? all.filter((job) => statuses.has(job.status)) : all;
}

export function countByStatus(jobs: Iterable<JobSummary>): Map<JobStatus, number> {
  const counts = new Map<JobStatus, number>();
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
