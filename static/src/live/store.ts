// One watched job as the page's elements see it: its state, how fresh it is, and what is selected.
import { type ConnectionState, type Heard, UNHEARD, connectionState, shownMoment } from "./link.ts";
import { beforePaint } from "./paint.ts";
import type { Frame, Keyframe, LiveError } from "./protocol.ts";
import { apply, follows } from "./reducer.ts";
import { type Selection, sameSelection, selectionOf, withSelection } from "./selection.ts";
import { type Changes, type JobView, changesOf, mergeChanges, noChanges, viewOf } from "./view.ts";

export type { ConnectionState, Selection };
export type { Action, Changes, HistoryRecord, JobStatus, JobView, RoutineStatus } from "./view.ts";
export type * from "./protocol.ts";

/** Events and their details; each is dispatched on the store and does not bubble. */
export interface JobStoreEvents {
  /** The state changed; at most once per animation frame. */
  change: CustomEvent<Changes>;
  /** `selection` changed. */
  selectionchange: CustomEvent<Selection | null>;
  /** `connection` or `problem` changed. */
  connectionchange: CustomEvent<ConnectionState>;
}

/**
 * Elements take the store through a property `.store`, read `state` and listen:
 *
 *     store.on("change", ({ detail }) => detail.routines.has("parser") && this.requestUpdate(), signal);
 */
export class JobStore extends EventTarget {
  /** The job as shown, changed in place; null until the first keyframe. Read only. */
  state: JobView | null = null;
  /** Why there is no job, when the server said so. */
  problem: LiveError | null = null;
  /** How the server is heard. Read only. */
  heard: Heard = UNHEARD;
  selection: Selection | null = selectionOf(location.search);

  private connectionBefore: ConnectionState = "offline";
  private pending: Changes | null = null;

  constructor(
    readonly jobId: string,
    private readonly schedule: (show: () => void) => void = beforePaint,
  ) {
    super();
  }

  get connection(): ConnectionState {
    const line = connectionState(this.heard, Date.now());
    return line === "live" && this.problem ? "stale" : line;
  }

  /** The moment that `state` is of, by the server's clock, epoch ms. It stands still while the page is not live. */
  now(): number {
    return this.problem && this.state ? this.state.at : shownMoment(this.heard, Date.now());
  }

  /** `addEventListener` with the event's type; stops when `signal` aborts. */
  on<K extends keyof JobStoreEvents>(
    type: K,
    listener: (event: JobStoreEvents[K]) => void,
    signal?: AbortSignal,
  ): void {
    this.addEventListener(type, listener as EventListener, signal ? { signal } : {});
  }

  /** Selects a routine or connection, or nothing with null; the address follows. */
  select(selection: Selection | null): void {
    if (sameSelection(selection, this.selection)) return;
    this.selection = selection;
    const query = withSelection(location.search, selection);
    history.replaceState(history.state, "", location.pathname + query + location.hash);
    this.dispatchEvent(new CustomEvent("selectionchange", { detail: selection }));
  }

  /** Takes in the complete state of the job. */
  takeKeyframe(keyframe: Keyframe): void {
    const changes = changesOf(keyframe, this.state);
    this.state = viewOf(keyframe);
    if (this.problem) this.takeProblem(null);
    this.show(changes);
  }

  /** Takes in the next frame. False: it is not the next one, nothing was changed, a keyframe must be asked for. */
  takeFrame(frame: Frame): boolean {
    if (!this.state || !follows(this.state, frame)) return false;
    this.show(apply(this.state, frame));
    return true;
  }

  /** Takes in how the server is heard; also called as time passes without a word from it. */
  takeHeard(heard: Heard): void {
    this.heard = heard;
    this.tellConnection();
  }

  /** Takes in that the server refused to show this job; null takes it back. */
  takeProblem(problem: LiveError | null): void {
    this.problem = problem;
    this.dispatchEvent(new CustomEvent("connectionchange", { detail: this.connection }));
    this.connectionBefore = this.connection;
  }

  private tellConnection(): void {
    const connection = this.connection;
    if (connection === this.connectionBefore) return;
    this.connectionBefore = connection;
    this.dispatchEvent(new CustomEvent("connectionchange", { detail: connection }));
  }

  private show(changes: Changes): void {
    if (this.pending) return mergeChanges(this.pending, changes);
    this.pending = noChanges();
    mergeChanges(this.pending, changes);
    this.schedule(() => this.dispatchChange());
  }

  private dispatchChange(): void {
    const detail = this.pending;
    this.pending = null;
    if (detail) this.dispatchEvent(new CustomEvent("change", { detail }));
  }
}
