// A status as a word with a shape and a colour, so that colour is never the only sign.
import { type TemplateResult, html } from "lit";

import type { JobStatus, RoutineStatus } from "../live/view.ts";

export const STATUS_WORDS: { [status in JobStatus]: string } = {
  pending: "Pending",
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  lost: "Lost",
};

/** `status` gives shape and colour, `word` what is read. */
export function statusMark(status: JobStatus | RoutineStatus, word: string): TemplateResult {
  return html`<span class="status ${status}">${word}</span>`;
}
