// `<jobs-page>`: every job that the server keeps, live, with tiles and chips that filter the list.
import { type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Api } from "../live/api.ts";
import type { JobsStore, JobsView } from "../live/jobs-store.ts";
import { OlderJobs, withOlder } from "../live/older-jobs.ts";
import type { JobSummary } from "../live/protocol.ts";
import type { LiveSocket } from "../live/socket.ts";
import type { JobStatus } from "../live/view.ts";
import { button } from "../parts/button.ts";
import "../parts/copy-button.ts";
import { number } from "../parts/format.ts";
import { icon } from "../parts/icon.ts";
import { STATUS_WORDS, statusMark } from "../parts/status.ts";
import { StoreElement } from "../parts/store-element.ts";
import { Ticking } from "../parts/ticking.ts";
import { type Standing, standingOfJobs } from "./absence.ts";
import "./connection-banner.ts";
import { STATUSES, countByStatus, filtered, statusesIn, toggled, withStatuses } from "./job-filter.ts";
import { total } from "./job-tallies.ts";
import "./jobs-older.ts";
import "./jobs-table.ts";
import "./jobs-tiles.ts";
import "./store-notice.ts";

const DAY_MS = 86_400_000;
const REFRESH_MS = 4000;
/** No filter. */
const ALL: ReadonlySet<JobStatus> = new Set();
const MOVING: ReadonlySet<JobStatus> = new Set(["pending", "running", "paused", "lost"]);
const NARROW = matchMedia("(max-width: 720px)");

@customElement("jobs-page")
export class JobsPage extends StoreElement<JobsStore> {
  @property({ attribute: false }) override store: JobsStore | null = null;
  @property({ attribute: false }) api: Api | null = null;
  @property({ attribute: false }) socket: LiveSocket | null = null;
  private older: OlderJobs | null = null;
  private wasOffline = false;
  @state() private statuses: ReadonlySet<JobStatus> = statusesIn(location.search);
  protected readonly ticking = new Ticking(this, 500);

  protected listen(store: JobsStore, signal: AbortSignal): void {
    store.addEventListener("change", () => this.requestUpdate(), { signal });
    store.addEventListener("connectionchange", () => this.turned(store), { signal });
    store.addEventListener("removed", (event) => this.removed((event as CustomEvent<JobSummary[]>).detail), { signal });
    const timer = setInterval(this.refresh, REFRESH_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
    addEventListener("popstate", () => (this.statuses = statusesIn(location.search)), { signal });
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { api } = this;
    if (!changed.has("api") || !api) return;
    this.older = new OlderJobs((statuses, cursor) => api.jobs(statuses, cursor));
    this.older.addEventListener("change", () => this.requestUpdate());
  }

  /** When a server answers again, it may be another one, with another store; until then what was read stays. */
  private turned(store: JobsStore): void {
    if (store.connection === "offline") this.wasOffline = true;
    else if (store.connection === "live" && this.wasOffline) {
      this.wasOffline = false;
      this.older?.forget();
    }
    this.requestUpdate();
  }

  private removed(jobs: JobSummary[]): void {
    if (this.stored) this.older?.keep(jobs);
  }

  /** The server keeps more jobs than it pushes. */
  private get stored(): boolean {
    return (this.store?.state?.store.state ?? "none") !== "none";
  }

  /** There is nothing (more) to be read of jobs that are not pushed; or it cannot be read now. */
  private get allRead(): boolean {
    const reach = this.stored ? this.older?.reach(ALL) : null;
    return !reach || reach.next === null || reach.error !== null;
  }

  /** Statuses of which there may be more jobs of the last day than `all`. */
  private partial(all: JobSummary[], now: number): Set<JobStatus> {
    const oldest = Date.parse(all.at(-1)?.created_at ?? "");
    return new Set(oldest > now - DAY_MS ? STATUSES.filter((status) => this.beyond(status)) : []);
  }

  private readonly refresh = (): void => {
    const { older, store } = this;
    if (older && store?.state && store.connection === "live" && !document.hidden) {
      older.refresh(() => store.state?.jobs ?? new Map()).catch(() => {}); // what cannot be read is tried again
    }
  };

  /** The newest jobs, and all that may move on, are in the list from the beginning. */
  protected override updated(): void {
    const { older, store } = this;
    const view = store?.state;
    if (!older || !view || !this.stored || store.connection !== "live") return;
    for (const statuses of [ALL, MOVING]) {
      const { next, error } = older.reach(statuses);
      if (next === undefined && error === null) void older.more(statuses, () => store.state?.jobs ?? view.jobs);
    }
  }

  protected override render() {
    const { store } = this;
    const view = store?.state ?? null;
    const now = store?.now() ?? 0;
    const all = view ? withOlder(view.jobs, this.older?.jobs ?? []) : [];
    return html`<h1 class="sr-only">Jobs</h1>
      <connection-banner .store=${store} .socket=${this.socket} .standing=${() => standing(store)}></connection-banner>
      <store-notice .health=${view?.store ?? null} now=${now}></store-notice>
      <div class="page">
        <jobs-tiles
          .view=${view}
          .jobs=${all}
          .partial=${this.partial(all, now)}
          now=${now}
          .chosen=${this.statuses}
          @choose=${(event: CustomEvent<Set<JobStatus>>) => this.choose(event.detail)}
        ></jobs-tiles>
        ${view ? this.list(view, all) : this.awaited()}
      </div>`;
  }

  private list(view: JobsView, all: JobSummary[]): TemplateResult {
    if (all.length === 0) return !this.allRead ? this.awaited() : nothingYet(view.flows);
    const shown = filtered(all, this.statuses);
    return html`<section class="card" aria-label="Jobs">
      ${this.chips(all)}
      ${
        shown.length
          ? html`<jobs-table
              .jobs=${shown}
              .api=${this.api}
              connection=${this.store?.connection ?? "offline"}
              now=${this.store?.now() ?? 0}
              row-height=${NARROW.matches ? 124 : 45}
            ></jobs-table>`
          : this.noneOfThem()
      }
      ${this.stored ? this.theOlder(view) : nothing}
    </section>`;
  }

  private theOlder(view: JobsView): TemplateResult {
    const { older, statuses } = this;
    const shown = STATUSES.filter((status) => statuses.size === 0 || statuses.has(status));
    return html`<jobs-older
      .reach=${(this.store?.connection !== "offline" && older?.reach(statuses)) || null}
      left=${total(shown.map((status) => this.beyond(status)))}
      @more=${() => void older?.more(statuses, () => this.store?.state?.jobs ?? view.jobs)}
    ></jobs-older>`;
  }

  /** How many more jobs of a status are kept than the page has. */
  private beyond(status: JobStatus): number {
    return this.older?.beyond.get(status) ?? 0;
  }

  private chips(all: JobSummary[]): TemplateResult {
    const counts = countByStatus(all);
    return html`<div class="bar" role="group" aria-label="Filter by status">
      <button
        type="button"
        class="chip num"
        aria-pressed=${this.statuses.size ? "false" : "true"}
        @click=${() => this.choose(new Set())}
      >
        All ${number(all.length + total(STATUSES.map((status) => this.beyond(status))))}
      </button>
      ${STATUSES.map((status) => this.chip(status, (counts.get(status) ?? 0) + this.beyond(status)))}
    </div>`;
  }

  private chip(status: JobStatus, count: number): TemplateResult | typeof nothing {
    const chosen = this.statuses.has(status);
    if (!count && !chosen) return nothing;
    return html`<button
      type="button"
      class="chip num"
      aria-pressed=${chosen ? "true" : "false"}
      @click=${() => this.choose(toggled(this.statuses, [status]))}
    >
      ${statusMark(status, `${STATUS_WORDS[status]} ${number(count)}`)}
    </button>`;
  }

  private noneOfThem(): TemplateResult {
    const words = [...this.statuses].map((status) => STATUS_WORDS[status].toLowerCase()).join(" or ");
    return html`<div class="panel-empty">
      <b>No job is ${words}</b>
      ${button({ name: "Show all jobs" }, () => this.choose(new Set()))}
    </div>`;
  }

  private awaited(): TemplateResult {
    return html`<section class="card" aria-busy="true" aria-label="Jobs">
      <div class="bar"><i class="bone"></i></div>
      ${[1, 2, 3, 4, 5].map(() => html`<div class="job-row awaited"><i class="bone"></i><i class="bone"></i></div>`)}
    </section>`;
  }

  private choose(statuses: Set<JobStatus>): void {
    this.statuses = statuses;
    history.pushState(null, "", location.pathname + withStatuses(location.search, statuses));
  }
}

function standing(store: JobsStore | null): Standing | null {
  return store?.state ? standingOfJobs(store.state) : null;
}

function nothingYet(flows: string[]): TemplateResult {
  const line = flows.length ? "flow.start(entry_routine_id)" : `connect("${location.origin}", flow)`;
  const text = flows.length
    ? html`The server watches ${flows.map((flow, index) => html`${index ? ", " : ""}<b>${flow}</b>`)}. A job appears
      here by itself as soon as one starts:`
    : html`Add this line to a program, and each of its jobs appears here by itself:`;
  return html`<section class="empty" aria-label="Jobs">
    ${icon("inbox")}
    <h2>No job yet</h2>
    <p class="soft">${text}</p>
    <p class="to-copy"><code class="mono">${line}</code><copy-button text=${line} label="Copy line"></copy-button></p>
    <p class="soft">Or see one at work:</p>
    <p class="to-copy">
      <code class="mono">routilux demo</code><copy-button text="routilux demo" label="Copy command"></copy-button>
    </p>
  </section>`;
}
