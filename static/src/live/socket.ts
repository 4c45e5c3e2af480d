// The one socket of a page: connecting again by itself, pings, and the stores that are fed by it.
import { type Socket, io } from "socket.io-client";
import * as parser from "socket.io-msgpack-parser";

import type { JobsStore } from "./jobs-store.ts";
import { type Heard, UNHEARD, backoff } from "./link.ts";
import type { AckReply, StoreHealth } from "./protocol.ts";
import type { JobStore } from "./store.ts";
import { type Subscription, jobSubscription, jobsSubscription } from "./subscription.ts";

const MESSAGES = ["keyframe", "frame", "jobs", "dropped"] as const;
const PING_MS = 2000;
/** A line that is silent for so long is cut and made anew: the socket may not know that it is dead. */
const DEAD_MS = 10_000;
const TICK_MS = 500;

/** A socket for namespace /live of the server that the page came from; it does not connect by itself. */
export function liveSocket(): Socket {
  const options = { transports: ["websocket"], parser, autoConnect: false, reconnection: false, timeout: 5000 };
  return io("/live", options);
}

/**
 * Keeps the line to the server, dispatches `heard` whenever what is known of it may have changed, and `store` when
 * the server's store does better or worse than before.
 */
export class LiveSocket extends EventTarget {
  heard: Heard = UNHEARD;
  /** How the server's store is doing; null before the first answer. Read only. */
  store: StoreHealth | null = null;

  private readonly subscriptions = new Set<Subscription>();
  private attempt = 0;
  private retryTimer = 0;
  private pingedAt = 0;

  constructor(private readonly socket: Socket = liveSocket()) {
    super();
    socket.on("connect", () => this.connected());
    socket.on("disconnect", () => this.lost());
    socket.on("connect_error", () => this.lost());
    for (const name of MESSAGES) {
      socket.on(name, (message: unknown) => this.received(name, message));
    }
  }

  /** Connects, and from then on whenever the line is lost. Stops for good when `signal` aborts. */
  start(signal?: AbortSignal): void {
    const options = signal ? { signal } : {};
    addEventListener("online", () => this.retryNow(), options);
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow(), options);
    const timer = setInterval(() => this.tick(), TICK_MS);
    signal?.addEventListener("abort", () => this.stop(timer));
    this.socket.connect();
  }

  /** Tries to connect at once; on a line that stands, asks the server for a sign of life. */
  retryNow(): void {
    if (this.socket.connected) return this.ping();
    clearTimeout(this.retryTimer);
    this.hear({ retryAt: null });
    this.socket.connect();
  }

  watchJob(store: JobStore): void {
    this.add(jobSubscription(this.socket, store));
  }

  watchJobs(store: JobsStore): void {
    this.add(jobsSubscription(this.socket, store));
  }

  private add(subscription: Subscription): void {
    this.subscriptions.add(subscription);
    subscription.heard(this.heard);
    if (this.socket.connected) subscription.subscribe();
  }

  private stop(timer: ReturnType<typeof setInterval>): void {
    clearInterval(timer);
    clearTimeout(this.retryTimer);
    this.socket.off();
    this.socket.disconnect();
  }

  private connected(): void {
    this.attempt = 0;
    this.hear({ connected: true, retryAt: null, unansweredSince: null, heardAt: Date.now(), pumpLag: 0 });
    this.ping();
    for (const subscription of this.subscriptions) subscription.subscribe();
  }

  private lost(): void {
    const wait = backoff(this.attempt++);
    clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => this.retryNow(), wait);
    this.hear({ connected: false, rtt: null, unansweredSince: null, retryAt: Date.now() + wait });
  }

  private received(name: (typeof MESSAGES)[number], message: unknown): void {
    this.hear({ heardAt: Date.now() });
    for (const subscription of this.subscriptions) subscription.received(name, message);
  }

  private tick(): void {
    const now = Date.now();
    const { unansweredSince } = this.heard;
    if (unansweredSince !== null && now - unansweredSince > DEAD_MS) this.socket.disconnect();
    else if (this.socket.connected && now - this.pingedAt >= PING_MS) this.ping();
    this.hear({});
  }

  private ping(): void {
    const sentAt = (this.pingedAt = Date.now());
    this.hear({ unansweredSince: this.heard.unansweredSince ?? sentAt });
    this.socket.emit("ack", {}, (reply: AckReply | null) => reply && this.answered(reply, sentAt));
  }

  private answered(reply: AckReply, sentAt: number): void {
    const now = Date.now();
    this.takeStore(reply.store);
    this.hear({
      heardAt: now,
      unansweredSince: null,
      rtt: now - sentAt,
      offset: reply.at - (sentAt + now) / 2,
      pumpLag: Math.max(0, reply.at - reply.pumped_at),
    });
  }

  private takeStore(health: StoreHealth): void {
    const same = JSON.stringify(health) === JSON.stringify(this.store);
    this.store = health;
    if (!same) this.dispatchEvent(new Event("store"));
  }

  private hear(news: Partial<Heard>): void {
    this.heard = { ...this.heard, ...news };
    for (const subscription of this.subscriptions) subscription.heard(this.heard);
    this.dispatchEvent(new Event("heard"));
  }
}
