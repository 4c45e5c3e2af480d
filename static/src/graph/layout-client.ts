// Layouts on request: one per version of a flow, made in a worker.
import type { FlowDefinition } from "../live/protocol.ts";
import { layOut } from "./lay-out.ts";
import { layoutWorker } from "./layout-worker.ts";
import type { Layout } from "./layout.ts";

/** So many layouts are kept; the oldest goes first. */
const KEPT = 8;

/** Below this many routines a layout takes less time than waking a worker. */
const AT_ONCE_UP_TO = 12;

interface Question {
  key: string;
  flow: FlowDefinition;
  resolve: (layout: Layout) => void;
}

export class LayoutClient {
  private readonly kept = new Map<string, Promise<Layout>>();
  private readonly waiting = new Map<number, Question>();
  private worker: Worker | null = null;
  private calls = 0;

  /** The layout of `flow`; the same promise for the same version. Never rejects. */
  layoutOf(flow: FlowDefinition): Promise<Layout> {
    const key = JSON.stringify([flow.flow_id, flow.version]);
    const known = this.kept.get(key);
    if (known) return known;
    const made = flow.routines.length <= AT_ONCE_UP_TO ? Promise.resolve(layOut(flow)) : this.ask(key, flow);
    this.kept.set(key, made);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!);
    return made;
  }

  /** Ends the worker, and with it what it has not answered; the next question starts another. */
  close(): void {
    this.worker?.terminate();
    this.worker = null;
    for (const { key } of this.waiting.values()) this.kept.delete(key);
    this.waiting.clear();
  }

  private ask(key: string, flow: FlowDefinition): Promise<Layout> {
    this.worker ??= this.hire();
    if (!this.worker) return Promise.resolve(layOut(flow));
    const call = ++this.calls;
    return new Promise((resolve) => {
      this.waiting.set(call, { key, flow, resolve });
      this.worker?.postMessage({ call, flow });
    });
  }

  private hire(): Worker | null {
    if (typeof Worker === "undefined") return null;
    try {
      const worker = layoutWorker();
      worker.onmessage = ({ data }: MessageEvent<{ call: number; layout: Layout }>) => {
        this.waiting.get(data.call)?.resolve(data.layout);
        this.waiting.delete(data.call);
      };
      worker.onerror = () => this.answerHere();
      return worker;
    } catch {
      return null;
    }
  }

  /** A worker that cannot run (a browser's rule, a file that is gone) must not leave the graph blank. */
  private answerHere(): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    this.close();
    for (const { flow, resolve } of waiting) resolve(layOut(flow));
  }
}
