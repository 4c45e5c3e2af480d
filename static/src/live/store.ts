// One watched job as the page's elements see it: its state, how fresh it is, and what is selected.
import type { ConnectionState } from "./link.ts";
import type { Frame, Keyframe } from "./protocol.ts";
import { apply, follows } from "./reducer.ts";
import { type Selection, isIn, sameSelection, selectionOf, withSelection } from "./selection.ts";
import { type Changes, type JobView, changesOf, mergeChanges, viewOf } from "./view.ts";
import { type Schedule, WatchedStore } from "./watched.ts";

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
export class JobStore extends WatchedStore<Changes> {
  /** The job as shown, changed in place; null until the first keyframe. Read only. */
  state: JobView | null = null;
  selection: Selection | null = selectionOf(location.search);

  constructor(
    readonly jobId: string,
    schedule?: Schedule,
  ) {
    super(schedule);
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
    this.takeWhole();
    if (this.selection && !isIn(keyframe.flow, this.selection)) this.select(null);
    this.show(changes);
  }

  /** Takes in the next frame. False: it is not the next one, nothing was changed, a keyframe must be asked for. */
  takeFrame(frame: Frame): boolean {
    if (!this.state || !follows(this.state, frame)) return false;
    this.show(apply(this.state, frame));
    return true;
  }

  protected merge(changes: Changes, later: Changes): Changes {
    mergeChanges(changes, later);
    return changes;
  }
}
