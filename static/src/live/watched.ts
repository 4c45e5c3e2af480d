// What the stores of one job and of the list of jobs have in common: how fresh what they hold is, and when it is shown.
import { type ConnectionState, type Heard, UNHEARD, connectionState, lastMoment } from "./link.ts";
import { beforePaint } from "./paint.ts";
import type { LiveError } from "./protocol.ts";

/** Shows later, once for all that came until then. */
export type Schedule = (show: () => void) => void;

/** A store dispatches `change` at most once per animation frame, and `connectionchange`. `C` says what changed. */
export abstract class WatchedStore<C> extends EventTarget {
  /** Why there is nothing to show, when the server said so. Read only. */
  problem: LiveError | null = null;
  /** How the server is heard. Read only. */
  heard: Heard = UNHEARD;
  /** Whether what is shown is what is. On a good line it is stale until it has been sent (again). Read only. */
  connection: ConnectionState = "offline";

  /** Something has come to be shown, however long ago. Read only. */
  opened = false;
  /** What is shown has come whole since the line stands, and nothing was missed. */
  private whole = false;
  /** The moment that what is shown is of, server's epoch ms, while the page is not live. */
  private stoodStillAt: number | null = null;
  private pending: C | null = null;

  constructor(private readonly schedule: Schedule = beforePaint) {
    super();
  }

  protected abstract merge(changes: C, later: C): C;

  /** The moment that what is shown is of, server's epoch ms. It stands still while the page is not live. */
  now(): number {
    return this.stoodStillAt ?? Date.now() + this.heard.offset;
  }

  /** Takes in how the server is heard; also called as time passes without a word from it. */
  takeHeard(heard: Heard): void {
    this.heard = heard;
    if (!heard.connected) this.whole = false;
    this.reconsider();
  }

  /** Shows the moment `at` (epoch ms) of what is past, whatever is heard. */
  showMoment(at: number): void {
    this.stoodStillAt = at;
    this.connection = "replay";
    this.dispatchEvent(new CustomEvent("connectionchange", { detail: this.connection }));
  }

  /** Takes in that something was missed: what is shown is stale until it is sent anew. */
  takeGap(): void {
    this.whole = false;
    this.reconsider();
  }

  /** Takes in that the server refused to show this. */
  takeProblem(problem: LiveError): void {
    this.whole = false;
    this.problem = problem;
    this.reconsider(true);
  }

  /** Takes in that everything came. */
  protected takeWhole(): void {
    const told = this.problem !== null;
    this.whole = this.opened = true;
    this.problem = null;
    this.reconsider(told);
  }

  /** Tells of `changes` at the next paint, together with others that come until then. */
  protected show(changes: C): void {
    if (this.pending !== null) {
      this.pending = this.merge(this.pending, changes);
      return;
    }
    this.pending = changes;
    this.schedule(() => this.dispatchChange());
  }

  private dispatchChange(): void {
    const detail = this.pending;
    this.pending = null;
    if (detail !== null) this.dispatchEvent(new CustomEvent("change", { detail }));
  }

  private reconsider(tell = false): void {
    if (this.connection === "replay") return;
    const line = connectionState(this.heard, Date.now());
    const connection = line === "live" && !this.whole ? "stale" : line;
    if (connection === this.connection && !tell) return;
    if (connection === "live") this.stoodStillAt = null;
    else if (this.connection === "live") this.stoodStillAt = lastMoment(this.heard);
    this.connection = connection;
    this.dispatchEvent(new CustomEvent("connectionchange", { detail: connection }));
  }
}
