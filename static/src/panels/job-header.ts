// `<job-header>`: which job this is, how it stands, its figures and its controls.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Api } from "../live/api.ts";
import type { JobStore } from "../live/store.ts";
import type { JobView } from "../live/view.ts";
import { fullTime, number, rate, shortId } from "../parts/format.ts";
import { StoreElement } from "../parts/store-element.ts";
import { styled } from "../parts/styled.ts";
import { Ticking } from "../parts/ticking.ts";
import "../parts/copy-button.ts";
import "./job-controls.ts";
import { elapsedWords, headline, sentence } from "./job-words.ts";

@customElement("job-header")
export class JobHeader extends StoreElement<JobStore> {
  @property({ attribute: false }) override store: JobStore | null = null;
  @property({ attribute: false }) api: Api | null = null;
  /** The controls are somewhere else on the page. */
  @property({ type: Boolean }) bare = false;
  protected readonly ticking = new Ticking(this, 250);

  protected listen(store: JobStore, signal: AbortSignal): void {
    store.on("change", () => this.requestUpdate(), signal);
    store.on("connectionchange", () => this.requestUpdate(), signal);
  }

  protected override render() {
    const { store } = this;
    const view = store?.state;
    if (!store || !view) return this.awaited();
    const now = store.now();
    return html`<header class="jobhead">
      ${this.name(view)}
      <div class="state-words">${this.status(view)} ${this.words(view, now)}</div>
      ${this.facts(view, now)} ${this.bare || store.connection === "replay" ? nothing : this.controls(store, view)}
    </header>`;
  }

  private controls(store: JobStore, { job }: JobView): TemplateResult {
    return html`<job-controls
      class="controls"
      keys
      .job=${job}
      .api=${this.api}
      connection=${store.connection}
      ?gone=${store.problem !== null}
    ></job-controls>`;
  }

  private name({ job }: JobView): TemplateResult {
    return html`<div class="jobname">
      <div class="above">
        ${this.store?.connection === "replay" ? nothing : this.crumbs(job.flow_id)}
        ${job.origin ? html`<span class="origin" title="Runs in ${job.origin}">in ${job.origin}</span>` : nothing}
      </div>
      <h1>
        <span class="flow-name" title=${job.flow_id}>${job.flow_id}</span>
        <span class="mono dim" title=${job.job_id}>${shortId(job.job_id)}</span>
        <copy-button text=${job.job_id} label="Copy job id"></copy-button>
      </h1>
    </div>`;
  }

  private crumbs(flowId: string): TemplateResult {
    return html`<nav class="crumbs" aria-label="Where you are">
      <a href="/">Jobs</a> <span aria-hidden="true">/</span> ${flowId}
    </nav>`;
  }

  private status({ job }: JobView): TemplateResult {
    const { tone, word } = headline(job);
    return html`<span class="status pill ${tone}" role="status" data-status=${job.status}>${word}</span>`;
  }

  private words({ job, at }: JobView, now: number): TemplateResult | typeof nothing {
    if (job.error && job.status === "failed") return this.failure(job.error);
    const pieces = sentence(job, at, now);
    if (pieces.length === 0) return nothing;
    return html`<p class="sentence num">
      ${pieces.map(({ text, strong }) => (strong ? html`<b>${text}</b>` : together(text)))}
    </p>`;
  }

  private failure(error: NonNullable<JobView["job"]["error"]>): TemplateResult {
    const { routine_id, error_type, error: message } = error;
    // Not every job fails by a handler: one that is over its time has neither routine nor type of error.
    const words = [routine_id, error_type, message].filter(Boolean).join(": ");
    const show = (): void => this.store?.select({ kind: "routine", id: routine_id });
    return html`<p class="sentence failed-words">
      <span class="clamped" title=${words}>${words}</span>
      ${routine_id ? html`<button type="button" class="link" @click=${show}>show where</button>` : nothing}
    </p>`;
  }

  private facts({ job }: JobView, now: number): TemplateResult {
    const { counts } = job;
    const times = `from ${fullTime(job.created_at)}${job.ended_at ? ` to ${fullTime(job.ended_at)}` : ""}`;
    return html`<dl class="facts num">
      ${fact("elapsed", elapsedWords(job, now), "", times)} ${fact("events", number(counts.events))}
      ${fact("rate", rate(job.status === "lost" ? 0 : job.rate))} ${fact("queued", number(counts.queued))}
      ${fact("errors", number(counts.errors), counts.errors ? "bad" : "")}
    </dl>`;
  }

  private awaited(): TemplateResult {
    return html`<header class="jobhead" aria-busy="true">
      <div class="jobname">
        <nav class="crumbs" aria-label="Where you are"><a href="/">Jobs</a></nav>
        <h1 class="mono">${shortId(this.store?.jobId ?? "")}</h1>
      </div>
      <div class="facts">
        ${[60, 48, 40, 30, 24].map((width) => html`<i class="bone" ${styled({ width: `${width}px` })}></i>`)}
      </div>
    </header>`;
  }
}

/** Numbers keep their units on their line. */
function together(text: string): string {
  return text.replaceAll(/(\d) (s|min|h|d)\b/g, "$1\u00a0$2");
}

function fact(name: string, value: string, tone = "", title = ""): TemplateResult {
  return html`<div class="fact ${name}" title=${title || nothing}>
    <dt>${name}</dt>
    <dd class=${tone}>${value}</dd>
  </div>`;
}
