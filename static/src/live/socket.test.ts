import type { Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { aFrame, aKeyframe, aStore } from "./examples.ts";
import { LiveSocket } from "./socket.ts";
import { JobStore } from "./store.ts";

type Listener = (...values: unknown[]) => void;

/** A socket without a line: the test plays the server. */
class FakeSocket {
  connected = false;
  readonly sent: [string, ...unknown[]][] = [];
  readonly connect = vi.fn();
  private readonly listeners = new Map<string, Listener>();

  on(name: string, listener: Listener): void {
    this.listeners.set(name, listener);
  }

  off(): void {
    this.listeners.clear();
  }

  emit(...values: [string, ...unknown[]]): void {
    this.sent.push(values);
  }

  disconnect(): void {
    this.receive("disconnect");
  }

  receive(name: string, ...values: unknown[]): void {
    if (name === "connect") this.connected = true;
    if (name === "disconnect") this.connected = false;
    this.listeners.get(name)?.(...values);
  }

  /** Calls the callback of the last message `name`. */
  answer(name: string, value: unknown): void {
    (this.sent.findLast(([sent]) => sent === name)?.at(-1) as Listener)(value);
  }

  count(name: string): number {
    return this.sent.filter(([sent]) => sent === name).length;
  }
}

describe("the socket of a page", () => {
  let fake: FakeSocket;
  let live: LiveSocket;
  let store: JobStore;
  let over: AbortController;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    fake = new FakeSocket();
    live = new LiveSocket(fake as unknown as Socket);
    store = new JobStore("7f3a91c2-0000", (show) => setTimeout(show, 16));
    over = new AbortController();
    live.watchJob(store);
    live.start(over.signal);
  });

  afterEach(() => {
    over.abort();
    vi.useRealTimers();
  });

  const answerPing = (store = aStore()): void =>
    fake.answer("ack", { at: Date.now(), pumped_at: Date.now(), store });
  const goLive = (): void => {
    fake.receive("connect");
    answerPing();
    fake.receive("keyframe", aKeyframe({ frame: 1, seq: 3 }));
  };

  test("subscribes with what it has, every time it connects", () => {
    goLive();
    expect(store.connection).toBe("live");
    fake.receive("disconnect");
    expect(store.connection).toBe("offline");
    fake.receive("connect");
    expect(fake.sent.filter(([name]) => name === "subscribe").map(([, query]) => query)).toEqual([
      { job_id: "7f3a91c2-0000", since: 0 },
      { job_id: "7f3a91c2-0000", since: 3 },
    ]);
    expect(store.connection).toBe("stale");
  });

  test("acknowledges what has been shown", () => {
    goLive();
    fake.receive("frame", aFrame({ frame: 2 }));
    expect(fake.sent.at(-1)).not.toEqual(["ack", { job_id: "7f3a91c2-0000", frame: 2 }]);
    vi.advanceTimersByTime(16);
    expect(fake.sent.at(-1)).toEqual(["ack", { job_id: "7f3a91c2-0000", frame: 2 }]);
  });

  test("asks for a keyframe once when a frame is missing, and takes no frame until it comes", () => {
    goLive();
    fake.receive("frame", aFrame({ frame: 3 }));
    fake.receive("frame", aFrame({ frame: 4 }));
    expect([fake.count("subscribe"), store.state?.frame, store.connection]).toEqual([2, 1, "stale"]);
    fake.receive("keyframe", aKeyframe({ frame: 4 }));
    fake.receive("frame", aFrame({ frame: 5 }));
    expect([store.state?.frame, store.connection]).toEqual([5, "live"]);
  });

  test("leaves frames of other jobs alone", () => {
    goLive();
    fake.receive("frame", aFrame({ job_id: "other", frame: 2 }));
    expect([store.state?.frame, fake.count("subscribe")]).toEqual([1, 1]);
  });

  test("knows how far away the server is and how its clock differs", () => {
    fake.receive("connect");
    vi.advanceTimersByTime(24);
    fake.answer("ack", { at: Date.now() + 5000, pumped_at: Date.now() + 5000, store: aStore() });
    expect([live.heard.rtt, live.heard.offset]).toEqual([24, 5012]);
  });

  test("turns stale when pings stay unanswered, and is cut and tried anew when that goes on", () => {
    goLive();
    answerPing();
    vi.advanceTimersByTime(6500);
    expect(store.connection).toBe("stale");
    vi.advanceTimersByTime(6500);
    expect([store.connection, fake.connect.mock.calls.length]).toEqual(["offline", 2]);
  });

  test("tries again later and later, and at once when asked", () => {
    fake.receive("connect_error");
    expect(live.heard.retryAt).toBe(Date.now() + 500);
    vi.advanceTimersByTime(500);
    fake.receive("connect_error");
    expect(live.heard.retryAt).toBe(Date.now() + 1000);
    live.retryNow();
    expect(fake.connect).toHaveBeenCalledTimes(3);
  });

  test("tells how the server's store is doing when that changes", () => {
    const told: (string | undefined)[] = [];
    live.addEventListener("store", () => told.push(live.store?.state));
    fake.receive("connect");
    for (const state of ["ok", "ok", "failing"] as const) answerPing(aStore({ state }));
    expect(told).toEqual(["ok", "failing"]);
  });

  test("tells of a job that the server drops while it is watched, and leaves its last picture", () => {
    goLive();
    const why = { status: 404, title: "Unknown job", detail: "It may have been dropped." };
    fake.receive("dropped", { job_id: "other", ...why });
    expect(store.problem).toBeNull();
    fake.receive("dropped", { job_id: "7f3a91c2-0000", ...why });
    vi.advanceTimersByTime(10_000);
    expect([store.problem?.status, store.state?.seq, fake.count("subscribe")]).toEqual([404, 3, 1]);
  });

  test("tells of a job that the server does not know, and does not ask on", () => {
    fake.receive("connect");
    fake.answer("subscribe", { status: 404, title: "Unknown job", detail: "There is no such job." });
    vi.advanceTimersByTime(10_000);
    expect([store.problem?.status, fake.count("subscribe")]).toEqual([404, 1]);
  });
});
