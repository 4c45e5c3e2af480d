// What happened while a page was away: how a page stood before is compared with how it stands now. Pure.
import type { JobsView } from "../live/jobs-store.ts";
import type { JobView } from "../live/view.ts";
import { plural } from "../parts/format.ts";

export const NOTHING_MISSED = "Nothing happened while this page was away.";

/** How far what a page shows had come. */
export interface Standing {
  events: number;
  /** Another one when anything at all has happened: handlers run without a word, too. */
  mark: string;
}

export function standingOfJob({ job, routines, seq, log, outputs }: JobView): Standing {
  const { counts, status, control } = job;
  const runs = Object.values(routines).map(({ done, errors, retries }) => [done, errors, retries]);
  const mark = [status, control.state, control.since, counts, seq, log.total, outputs.total, runs];
  return { events: counts.events, mark: JSON.stringify(mark) };
}

export function standingOfJobs({ jobs }: JobsView): Standing {
  let events = 0;
  const marks: unknown[] = [];
  for (const { job_id: id, status, counts, seq, control } of jobs.values()) {
    events += counts.events;
    marks.push(id, status, counts, seq, control.state, control.since);
  }
  return { events, mark: JSON.stringify(marks) };
}

/** What is said of what happened between two standings. */
export function missedWords(before: Standing, now: Standing): string {
  if (now.events > before.events) {
    return `${plural(now.events - before.events, "event")} happened while this page was away; all are here now.`;
  }
  return before.mark === now.mark
    ? NOTHING_MISSED
    : "No event was emitted while this page was away; what else happened is here now.";
}
