// What a job says of itself, in words: its headline while controls are under way, and the sentence beside it. Pure.
import type { JobSummary } from "../live/protocol.ts";
import type { JobStatus } from "../live/view.ts";
import { clock, dayAndTime, duration, growing, number, plural, wholeSeconds } from "../parts/format.ts";
import { STATUS_WORDS } from "../parts/status.ts";

/** A word with the status whose colour and shape it has. */
export interface Headline {
  tone: JobStatus;
  word: string;
}

/** A piece of a sentence; `strong` is what it is about. */
export interface Piece {
  text: string;
  strong?: boolean;
}

const UNDER_WAY: { [action: string]: Headline } = {
  pause: { tone: "paused", word: "Pausing…" },
  resume: { tone: "running", word: "Resuming…" },
  step: { tone: "running", word: "Stepping…" },
  cancel: { tone: "cancelled", word: "Cancelling…" },
};

/** A control that was asked for and has not taken effect, or null. */
export function underWay({ control, status }: JobSummary): JobSummary["control"]["action"] {
  const over = status === "completed" || status === "failed" || status === "cancelled" || status === "lost";
  return !over && control.state !== null && control.state !== "effective" ? control.action : null;
}

export function headline(job: JobSummary): Headline {
  const action = underWay(job);
  return (action && UNDER_WAY[action]) || { tone: job.status, word: STATUS_WORDS[job.status] };
}

/** Why nothing of the job changes any more, or null while something may. */
export function whyStill({ status, ended_at: ended }: JobSummary): string | null {
  if (status === "lost") return "Nothing is heard of the job's program: this is the last that is known.";
  return ended ? "The job has ended: nothing more is expected of it." : null;
}

/** The sentence beside the headline, as of the server's moment `now` (epoch ms); frames were made at `at`. */
export function sentence(job: JobSummary, at: number, now: number): Piece[] {
  const action = underWay(job);
  if (action === "cancel") return [...dropped(job, "were dropped"), ...waitingFor(job, at, now)];
  if (action) return [...asked(job, now), ...waitingFor(job, at, now)];
  if (job.status === "lost") return lostSince(job, now);
  if (job.status === "paused") return pausedSince(job, now);
  if (job.status === "cancelled") return [...reason(job), ...dropped(job, "dropped")];
  return [];
}

/** How long the job has been under way, or was, ms; of a lost one nothing is known since its last sign. */
export function elapsed(job: JobSummary, now: number): number {
  const end = job.ended_at ?? job.last_sign;
  return (end ? Date.parse(end) : now) - Date.parse(job.created_at);
}

const SECOND_MS = 1000;

/** `elapsed` in words: by the clock, or "37 ms" for what was over before that has moved. */
export function elapsedWords(job: JobSummary, now: number): string {
  const ms = elapsed(job, now);
  return job.ended_at && ms < SECOND_MS ? duration(ms) : clock(ms);
}

/** `elapsed` as a column of a list has it, all in units: "37 ms", "20 s", "5 min 15 s". It counts whole seconds. */
export function elapsedInUnits(job: JobSummary, now: number): string {
  const ms = elapsed(job, now);
  return job.ended_at ? duration(ms) : wholeSeconds(ms);
}

function asked({ control }: JobSummary, now: number): Piece[] {
  const since = control.since ? ` ${growing(now - Date.parse(control.since))} ago` : "";
  return [{ text: `asked${since}${control.by ? ` by ${control.by}` : ""}` }];
}

/** So many routines are named; the header has room for no more. */
const NAMED = 3;

/** The handlers that still run, routine by routine, with times that grow by themselves between two frames. */
function waitingFor({ control }: JobSummary, at: number, now: number): Piece[] {
  const grown = Math.max(0, now - at);
  const times = new Map<string, number[]>();
  for (const { routine_id: id, running_ms: ms } of control.waiting_for) times.set(id, [...(times.get(id) ?? []), ms]);
  const routines = [...times].map(([id, all]) => ({ id, handlers: all.length, longest: Math.max(...all) }));
  routines.sort((a, b) => b.longest - a.longest);
  const named = routines.slice(0, NAMED).flatMap(({ id, handlers, longest }, index) => [
    { text: index ? ", " : " · waiting for " },
    { text: id, strong: true },
    { text: ` ${handlers > 1 ? `×${handlers}, longest ` : ""}${growing(longest + grown)}` },
  ]);
  const more = routines.length - NAMED;
  return more > 0 ? [...named, { text: ` and ${plural(more, "more routine")}` }] : named;
}

function pausedSince(job: JobSummary, now: number): Piece[] {
  const { control } = job;
  const since = control.since ? `for ${clock(now - Date.parse(control.since))}` : "";
  const kept = `${number(control.kept)} queued, kept`;
  return joined([since, control.kept ? kept : "", quoted(job)]);
}

/** nothing heard of its program since 12:04:31, for 00:03:20 · 18,230 events are kept */
function lostSince({ last_sign: sign, counts }: JobSummary, now: number): Piece[] {
  const silent = sign ? now - Date.parse(sign) : 0;
  const since = sign ? ` since ${dayAndTime(sign, now)}, for ${clock(silent)}` : "";
  return joined([`nothing heard of its program${since}`, `${plural(counts.events, "event")} kept`]);
}

function dropped({ control }: JobSummary, verb: string): Piece[] {
  return control.dropped ? [{ text: `${number(control.dropped)} queued ${verb}` }] : [];
}

function reason(job: JobSummary): Piece[] {
  const said = quoted(job);
  return said ? [{ text: job.control.dropped ? `${said} · ` : said }] : [];
}

/** “checking the parser” – ops */
function quoted({ control: { reason, by } }: JobSummary): string {
  if (reason && by) return `“${reason}” – ${by}`;
  return reason ? `“${reason}”` : by && `by ${by}`;
}

function joined(parts: string[]): Piece[] {
  return [{ text: parts.filter(Boolean).join(" · ") }];
}
