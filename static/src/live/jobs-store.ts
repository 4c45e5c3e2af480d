// The list of jobs as the page's elements see it.
import type { JobSummary, Jobs, StoreHealth } from "./protocol.ts";
import { WatchedStore } from "./watched.ts";

/** All jobs that the server keeps. */
export interface JobsView {
  /** By id, newest first. */
  jobs: Map<string, JobSummary>;
  /** Events a second of all of them, over the last second. */
  rate: number;
  /** Events in each of the last 20 seconds, oldest first. */
  activity: number[];
  /** Names of the flows that the server watches. */
  flows: string[];
  /** How the server's store is doing. */
  store: StoreHealth;
  at: number;
}

/** The list after `message`; null when it only says what changed in a list that is not known. Pure. */
export function foldJobs(before: JobsView | null, message: Jobs): JobsView | null {
  if (!message.full && !before) return null;
  const { rate, activity, flows, store, at } = message;
  const jobs = message.full ? new Map(byId(message.jobs)) : changed(before?.jobs ?? new Map(), message);
  return { jobs, rate, activity, flows, store, at };
}

function byId(jobs: JobSummary[]): [string, JobSummary][] {
  return jobs.map((job) => [job.job_id, job]);
}

/** Known jobs keep their place; new ones come where they belong, as a rule first: the newest is at the top. */
function changed(before: Map<string, JobSummary>, message: Jobs): Map<string, JobSummary> {
  const fresh = message.jobs.filter((job) => !before.has(job.job_id));
  fresh.sort((a, b) => b.created_at.localeCompare(a.created_at));
  const [newest] = before.values();
  const all = [...byId(fresh), ...before];
  const late = newest !== undefined && fresh.some((job) => job.created_at < newest.created_at); // it was imported
  if (late) all.sort(([, a], [, b]) => b.created_at.localeCompare(a.created_at));
  const after = new Map(all);
  for (const job of message.jobs) after.set(job.job_id, job);
  for (const jobId of message.removed) after.delete(jobId);
  return after;
}

/** Dispatches `change` with the list as detail, and `removed` with the jobs that the server does not push any more. */
export class JobsStore extends WatchedStore<JobsView> {
  /** The list as shown; null until the first message. Read only. */
  state: JobsView | null = null;

  /** Takes in a message. False: it does not follow, and the full list must be asked for. */
  takeJobs(message: Jobs): boolean {
    const before = this.state;
    const after = foldJobs(before, message);
    if (!after) return false;
    this.state = after;
    this.takeWhole();
    this.show(after);
    const removed = message.removed.flatMap((id) => before?.jobs.get(id) ?? []);
    if (removed.length) this.dispatchEvent(new CustomEvent("removed", { detail: removed }));
    return true;
  }

  protected merge(_before: JobsView, later: JobsView): JobsView {
    return later;
  }
}
