import { afterEach, expect, test, vi } from "vitest";

import { flowOf } from "./flow.fixture.ts";
import { LayoutClient } from "./layout-client.ts";

const LARGE = flowOf(Array.from({ length: 30 }, (_, i) => `r${i}.out -> r${i + 1}.in`));

/** A worker that answers when it is told to. */
class FakeWorker {
  static made: FakeWorker[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  asked: { call: number }[] = [];
  terminate = vi.fn();

  constructor() {
    FakeWorker.made.push(this);
  }

  postMessage(question: { call: number }): void {
    this.asked.push(question);
  }
}

afterEach(() => {
  FakeWorker.made = [];
  vi.unstubAllGlobals();
});

test("a large flow is laid out by a worker, once for each version", async () => {
  vi.stubGlobal("Worker", FakeWorker);
  const client = new LayoutClient();
  const [first, second] = [client.layoutOf(LARGE), client.layoutOf(LARGE)];
  expect(first).toBe(second);
  const [worker] = FakeWorker.made;
  expect(worker!.asked).toHaveLength(1);
  worker!.onmessage!({ data: { call: 1, layout: { routines: ["told"] } } });
  expect((await first).routines).toEqual(["told"]);
  void client.layoutOf({ ...LARGE, version: "2" });
  expect(worker!.asked).toHaveLength(2);
});

test("a worker that cannot run leaves no graph blank", async () => {
  vi.stubGlobal("Worker", FakeWorker);
  const client = new LayoutClient();
  const layout = client.layoutOf(LARGE);
  FakeWorker.made[0]!.onerror!();
  expect((await layout).routines).toHaveLength(31);
});

test("a client that is closed asks again when it is asked again", () => {
  vi.stubGlobal("Worker", FakeWorker);
  const client = new LayoutClient();
  const first = client.layoutOf(LARGE);
  client.close();
  expect(client.layoutOf(LARGE)).not.toBe(first);
  expect(FakeWorker.made).toHaveLength(2);
});

test("where there are no workers, the page lays out itself", async () => {
  vi.stubGlobal("Worker", undefined);
  expect((await new LayoutClient().layoutOf(LARGE)).routines).toHaveLength(31);
});

test("an empty flow wakes no worker", async () => {
  vi.stubGlobal("Worker", FakeWorker);
  await new LayoutClient().layoutOf(flowOf([]));
  expect(FakeWorker.made).toEqual([]);
});
