// What a routine's card says for its figures. Pure.
import type { RoutineFigures } from "../live/protocol.ts";
import { duration, number, plural, shortNumber } from "../parts/format.ts";

/** The parts of a card that change. Empty strings are not shown. */
export interface CardWords {
  status: string;
  done: string;
  errors: string;
  queued: string;
  /** Stands for the numbers, or behind them: "nothing yet", "in 4 s". */
  note: string;
  foot: string;
}

/** The words for `figures`; `now` is the server's clock, epoch ms. */
export function cardWords(figures: RoutineFigures, now: number): CardWords {
  const { status, done, errors, queued, retry } = figures;
  const fit = fitting(done, errors, queued);
  return {
    status: status === "retry" && retry ? `retry ${retry.attempt} of ${retry.max_retries}` : status,
    done: done > 0 || errors > 0 || status === "running" ? fit(done) : "",
    errors: errors > 0 ? fit(errors) : "",
    queued: queued > 0 ? fit(queued) : "",
    note: noteOf(figures, now),
    foot: footOf(figures),
  };
}

/** A card has room for so many digits and separators. */
const ROOM = 14;
const THIN_SPACE = "\u2009";

/** How the numbers of a card are written: exactly while they fit together. */
function fitting(...numbers: number[]): (value: number) => string {
  const length = numbers.filter((value) => value > 0).reduce((sum, value) => sum + number(value).length, 0);
  return length <= ROOM ? number : (value) => shortNumber(value, 1e4).replace(" ", THIN_SPACE);
}

function noteOf({ status, done, errors, queued, retry }: RoutineFigures, now: number): string {
  if (status === "retry" && retry) return dueIn(retry.due_at - now);
  return status !== "running" && done + errors + queued === 0 ? "nothing yet" : "";
}

function dueIn(ms: number): string {
  return ms < 500 ? "now" : `in ${Math.round(ms / 1000)} s`;
}

function footOf(figures: RoutineFigures): string {
  const { status, last_error: error } = figures;
  const detail = inShort(figures.detail);
  if (status === "failed" && error) return `${error.error_type}: ${error.error}`;
  if (status === "retry" && error) return error.error || error.error_type;
  if (status === "completed" && figures.done === 1 && figures.avg_ms !== null)
    return `took ${duration(figures.avg_ms)}`;
  if (status === "running" || status === "completed") return latency(figures) || detail;
  return status === "idle" ? latency(figures) || detail : detail || latency(figures);
}

/** What fits: that the job is paused is said by the status, and the inspector has the whole sentence. */
function inShort(detail: string): string {
  return /^held since [\d:]+\d/.exec(detail)?.[0] ?? detail;
}

function latency({ p50_ms: p50, p95_ms: p95 }: RoutineFigures): string {
  return p50 === null || p95 === null ? "" : `p50 ${duration(p50)} · p95 ${duration(p95)}`;
}

/** The whole card in one sentence, for those who hear it. */
export function spokenCard(id: string, figures: RoutineFigures, now: number): string {
  const words = cardWords(figures, now);
  const { done, errors, queued, running } = figures;
  return [
    `${id}, ${words.status}`,
    `${number(done)} done`,
    errors > 0 ? plural(errors, "error") : "",
    queued > 0 ? `${number(queued)} queued` : "",
    running > 0 ? `${number(running)} running now` : "",
    words.foot,
  ]
    .filter(Boolean)
    .join(", ");
}

/** A routine that has no figures yet. */
export const NO_FIGURES: RoutineFigures = {
  status: "pending",
  done: 0,
  errors: 0,
  retries: 0,
  queued: 0,
  running: 0,
  avg_ms: null,
  min_ms: null,
  max_ms: null,
  p50_ms: null,
  p95_ms: null,
  activity: [],
  histogram: [],
  detail: "",
  last_error: null,
};
