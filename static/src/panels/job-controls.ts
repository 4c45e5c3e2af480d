// `<job-controls>`: Pause or Resume, Cancel and Run again of one job, wherever it is shown. A button acts by asking
// the server; what becomes of it comes with the frames, so that no button is ahead of the truth.
import { type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Api } from "../live/api.ts";
import type { ConnectionState } from "../live/link.ts";
import type { Control, JobSummary } from "../live/protocol.ts";
import type { Action } from "../live/view.ts";
import { type ButtonLook, button } from "../parts/button.ts";
import { confirm } from "../parts/confirm-dialog.ts";
import { LightElement } from "../parts/element.ts";
import { asSentence, dayAndTime, plural, shortId } from "../parts/format.ts";
import { toastError } from "../parts/toast.ts";
import { underWay } from "./job-words.ts";

/** An answer that no frame follows is forgotten after so long, ms. */
const ANSWERED_MS = 1000;

const NOT_TAKEN = {
  pause: "The job was not paused",
  resume: "The job was not resumed",
  cancel: "The job was not cancelled",
  again: "The job was not run again",
};

/** Why nothing can be asked of a lost job. */
function unheard({ last_sign: sign }: JobSummary): string {
  return `nothing has been heard of its program${sign ? ` since ${dayAndTime(sign, Date.now())}` : ""}`;
}

/** Nothing more is to be expected of the job: it has ended, or it is lost. */
function isOver(job: JobSummary): boolean {
  return job.ended_at !== null || job.status === "lost";
}

/** Why the job cannot be run again, or null. */
function notAgain({ rerunnable, status }: JobSummary): string | null {
  if (rerunnable) return null;
  const why =
    status === "lost"
      ? "its program cannot be reached"
      : "the program that ran it is gone, or has not kept what it was started with";
  return `It cannot be run again: ${why}.`;
}

@customElement("job-controls")
export class JobControls extends LightElement {
  @property({ attribute: false }) job: JobSummary | null = null;
  @property({ attribute: false }) api: Api | null = null;
  @property() connection: ConnectionState = "live";
  /** The job is not on the server any more. */
  @property({ type: Boolean }) gone = false;
  /** Icons alone, named after the job: a row of a list. */
  @property({ type: Boolean }) compact = false;
  /** Show which key does the same. */
  @property({ type: Boolean }) keys = false;
  @state() private asking: Action | "again" | null = null;

  private controlBefore: Control | null = null;

  /** Pauses or resumes, whichever the job needs; nothing when neither can act. */
  toggle(): void {
    const { job } = this;
    if (!job || this.asking) return;
    const action = this.toggleAction(job);
    if (!this.refusal(job, action)) void this.control(action);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("job") && this.answered()) this.asking = null;
  }

  /** The frames have caught up with the answer: the control is another one than when it was asked for. */
  private answered(): boolean {
    const { control } = this.job ?? {};
    return control?.since !== this.controlBefore?.since || control?.state !== this.controlBefore?.state;
  }

  protected override render() {
    const { job } = this;
    if (!job) return nothing;
    const ended = isOver(job);
    const draw = (look: ButtonLook, act: () => void): TemplateResult => button(this.named(job, look), act);
    if (this.compact && ended) return draw(this.againLook(job, ended), () => this.again());
    return html`${draw(this.toggleLook(job, ended), () => this.toggle())}
    ${draw(this.cancelLook(job), () => this.cancel())}
    ${this.compact ? nothing : draw(this.againLook(job, ended), () => this.again())}`;
  }

  private named(job: JobSummary, look: ButtonLook): ButtonLook {
    if (!this.compact) return look;
    return { ...look, compact: true, kind: "plain", name: `${look.name} ${job.flow_id} ${shortId(job.job_id)}` };
  }

  private toggleAction(job: JobSummary): "pause" | "resume" {
    return job.status === "paused" || underWay(job) === "resume" ? "resume" : "pause";
  }

  private toggleLook(job: JobSummary, ended: boolean): ButtonLook {
    const action = this.toggleAction(job);
    const name = action === "pause" ? "Pause" : "Resume";
    return {
      name,
      icon: action === "pause" ? "pause" : "play",
      kind: ended ? "plain" : "primary",
      refusal: this.refusal(job, action),
      busy: this.asking === action,
      shortcut: this.keys ? "Space" : undefined,
      ...(underWay(job) === action ? { seen: action === "pause" ? "Pausing" : "Resuming" } : {}),
    };
  }

  private cancelLook(job: JobSummary): ButtonLook {
    return {
      name: "Cancel",
      icon: "cancel",
      kind: "danger",
      refusal: this.refusal(job, "cancel"),
      busy: this.asking === "cancel",
      ...(underWay(job) === "cancel" ? { seen: "Cancelling" } : {}),
    };
  }

  private againLook(job: JobSummary, ended: boolean): ButtonLook {
    return {
      name: "Run again",
      icon: "rotate",
      kind: ended ? "primary" : "plain",
      refusal: this.unreachable() ?? notAgain(job),
      hint: "Starts a new job of this flow with the same parameters",
      busy: this.asking === "again",
    };
  }

  private refusal(job: JobSummary, action: Action): string | null {
    const refused = job.status === "lost" ? unheard(job) : job.control.refusals[action];
    return this.unreachable() ?? (refused ? asSentence(refused) : null);
  }

  private unreachable(): string | null {
    if (this.gone) return "This job is not on the server any more.";
    return this.connection === "offline" ? "The server cannot be reached." : null;
  }

  private async cancel(): Promise<void> {
    const { job } = this;
    if (!job) return;
    const { queued } = job.counts;
    const dropped = queued ? `${plural(queued, "queued message")} will be dropped. ` : "";
    const reason = await confirm({
      title: `Cancel ${job.flow_id} ${shortId(job.job_id)}?`,
      text: `${dropped}Handlers that run now may finish. This cannot be taken back.`,
      yes: "Cancel job",
      no: "Keep the job",
    });
    if (reason !== null) await this.control("cancel", reason);
  }

  private async control(action: Action, reason = ""): Promise<void> {
    const { job, api } = this;
    if (job && api) await this.ask(action, async () => void (await api.control(job.job_id, action, reason)));
  }

  private async again(): Promise<void> {
    const { job, api } = this;
    if (!job || !api) return;
    await this.ask("again", async () => {
      const started = await api.runAgain(job.flow_id, job.job_id);
      location.assign(`/jobs/${encodeURIComponent(started.job_id)}`);
    });
  }

  /** Shows that something is asked until the server has answered and the frames say so too. */
  private async ask(what: Action | "again", call: () => Promise<void>): Promise<void> {
    this.asking = what;
    this.controlBefore = this.job?.control ?? null;
    try {
      await call();
      setTimeout(() => (this.asking = null), ANSWERED_MS);
    } catch (error) {
      this.asking = null;
      toastError(this, NOT_TAKEN[what], error);
    }
  }
}
