// Jobs that are older than those that the server pushes: read by REST, page by page, newest first, filter by filter.
import type { JobsPage } from "./api.ts";
import type { JobSummary } from "./protocol.ts";
import type { JobStatus } from "./view.ts";

/** Reads the page behind `cursor` (null: the first) of the jobs with one of `statuses` (none: with any). */
export type ReadJobs = (statuses: readonly JobStatus[], cursor: string | null) => Promise<JobsPage>;

/** How far one filter has been read. */
export interface Reach {
  /** Where the next page begins; null: there is none. Undefined: nothing has been read yet. */
  next: string | null | undefined;
  reading: boolean;
  /** Why the last read failed, or null. */
  error: unknown;
}

const REFRESHED_PAGES = 5;
const UNREAD: Reach = { next: undefined, reading: false, error: null };

/** Dispatches `change` when anything of it changed. */
export class OlderJobs extends EventTarget {
  /** What was read and is not pushed, newest first. Read only. */
  jobs: readonly JobSummary[] = [];
  /** How many more of each status there were, at the last read, beyond what is known here. Read only. */
  beyond: Map<JobStatus, number> = new Map();
  private readonly reached = new Map<string, Reach>();
  private round = 0;

  constructor(private readonly read: ReadJobs) {
    super();
  }

  reach(statuses: ReadonlySet<JobStatus>): Reach {
    return this.reached.get(keyOf(statuses)) ?? UNREAD;
  }

  /** Reads on until something comes that is not in `pushed`, or the end. Nothing happens while it reads. */
  async more(statuses: ReadonlySet<JobStatus>, pushed: () => ReadonlyMap<string, JobSummary>): Promise<void> {
    const { next, reading } = this.reach(statuses);
    if (reading || next === null) return;
    const round = this.round;
    this.turn(statuses, { next, reading: true, error: null });
    try {
      const reached = await this.readOn(statuses, next ?? null, pushed);
      if (round === this.round) this.turn(statuses, { next: reached, reading: false, error: null });
    } catch (error) {
      if (round === this.round) this.turn(statuses, { next, reading: false, error });
    }
  }

  /** Reads anew how those stand that may have moved on: nobody pushes it. At most the newest thousand are looked at. */
  async refresh(pushed: () => ReadonlyMap<string, JobSummary>): Promise<void> {
    const round = this.round;
    let cursor: string | null = null;
    for (let pages = 0; pages < REFRESHED_PAGES && this.unsettled(pushed()).length; pages++) {
      const oldest = this.unsettled(pushed()).at(-1)!.created_at;
      const page: JobsPage = await this.read([], cursor);
      if (round !== this.round) return;
      const known = new Map(this.jobs.map((job) => [job.job_id, job]));
      this.keep(page.jobs.filter(({ job_id: id }) => known.has(id)));
      cursor = page.next;
      if (cursor === null || (page.jobs.at(-1)?.created_at ?? "") <= oldest) return;
    }
  }

  /** Jobs of which something may still be heard, and which are not pushed. */
  unsettled(pushed: ReadonlyMap<string, JobSummary>): JobSummary[] {
    return this.jobs.filter((job) => !job.ended_at && job.status !== "lost" && !pushed.has(job.job_id));
  }

  /** Takes in jobs that are pushed no more, but kept. */
  keep(jobs: readonly JobSummary[]): void {
    if (jobs.length === 0) return;
    this.jobs = merged(this.jobs, jobs);
    this.dispatchEvent(new Event("change"));
  }

  /** Forgets everything: what is kept may be something else by now. */
  forget(): void {
    this.round += 1;
    this.jobs = [];
    this.beyond = new Map();
    this.reached.clear();
    this.dispatchEvent(new Event("change"));
  }

  private async readOn(
    statuses: ReadonlySet<JobStatus>,
    from: string | null,
    pushed: () => ReadonlyMap<string, JobSummary>,
  ): Promise<string | null> {
    const round = this.round;
    for (let cursor = from; ; ) {
      const page = await this.read([...statuses], cursor);
      if (round !== this.round) return null;
      const known = pushed();
      const before = this.jobs.length;
      this.jobs = merged(
        this.jobs,
        page.jobs.filter(({ job_id: id }) => !known.has(id)),
      );
      cursor = page.next;
      this.beyond = beyond(page.counts, withOlder(known, this.jobs));
      if (cursor === null) this.allKnown(statuses);
      if (this.jobs.length > before || cursor === null) return cursor;
    }
  }

  /** A count that is ahead of what was pushed is none of jobs that are left. */
  private allKnown(statuses: ReadonlySet<JobStatus>): void {
    for (const status of statuses.size ? statuses : this.beyond.keys()) this.beyond.delete(status);
  }

  private turn(statuses: ReadonlySet<JobStatus>, reach: Reach): void {
    this.reached.set(keyOf(statuses), reach);
    this.dispatchEvent(new Event("change"));
  }
}

/** The pushed jobs with the older ones among them, newest first; of a job that is in both, what was pushed. Pure. */
export function withOlder(pushed: ReadonlyMap<string, JobSummary>, older: readonly JobSummary[]): JobSummary[] {
  const others = older.filter(({ job_id: id }) => !pushed.has(id));
  const all: JobSummary[] = [];
  let at = 0;
  for (const job of pushed.values()) {
    while (at < others.length && others[at]!.created_at > job.created_at) all.push(others[at++]!);
    all.push(job);
  }
  return [...all, ...others.slice(at)];
}

function merged(before: readonly JobSummary[], fresh: readonly JobSummary[]): JobSummary[] {
  const all = new Map([...before, ...fresh].map((job) => [job.job_id, job]));
  return [...all.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0));
}

function beyond(counts: JobsPage["counts"], known: Iterable<JobSummary>): Map<JobStatus, number> {
  const left = new Map(Object.entries(counts) as [JobStatus, number][]);
  for (const { status } of known) left.set(status, (left.get(status) ?? 0) - 1);
  return new Map([...left].filter(([, count]) => count > 0));
}

function keyOf(statuses: ReadonlySet<JobStatus>): string {
  return [...statuses].sort().join();
}
