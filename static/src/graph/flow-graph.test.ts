import { afterEach, expect, test } from "vitest";

import { JobStore } from "../live/store.ts";
import type { FlowGraph } from "./flow-graph.ts";
import "./flow-graph.ts";
import { CENSUS, figures, flowOf, keyframe } from "./flow.fixture.ts";

async function shown(flow = CENSUS): Promise<{ graph: FlowGraph; store: JobStore }> {
  const store = new JobStore("job", (show) => show());
  store.takeKeyframe(keyframe(flow));
  const graph = document.createElement("flow-graph") as FlowGraph;
  graph.store = store;
  document.body.append(graph);
  await graph.updateComplete;
  await new Promise((resolve) => setTimeout(resolve));
  return { graph, store };
}

const routine = (graph: FlowGraph, id: string): HTMLElement => graph.querySelector(`[data-routine="${id}"]`)!;
const connection = (graph: FlowGraph, id: string): HTMLElement => graph.querySelector(`[data-connection="${id}"]`)!;

afterEach(() => document.body.replaceChildren());

test("every routine and connection is an element with its exact figures", async () => {
  const { graph, store } = await shown();
  const { state } = store;
  expect(graph.querySelectorAll("[data-routine]")).toHaveLength(CENSUS.routines.length);
  store.takeFrame({
    job_id: "job",
    frame: 2,
    seq: 9,
    at: Date.now(),
    job: state!.job,
    routines: { parser: figures({ status: "running", done: 1571, errors: 6, queued: 12, running: 1 }) },
    connections: { "parser.tree->imports.tree": { count: 1565, rate: 20 } },
  });
  const { dataset } = routine(graph, "parser");
  expect(dataset).toMatchObject({ status: "running", done: "1571", errors: "6", queued: "12", running: "1" });
  expect(connection(graph, "parser.tree->imports.tree").dataset["count"]).toBe("1565");
  expect(connection(graph, "parser.tree->complexity.tree").dataset["count"]).toBe("0");
});

test("Enter selects the routine that has the focus, arrows walk, Escape lets go", async () => {
  const { graph, store } = await shown();
  const press = (key: string): void =>
    void document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  routine(graph, "walker").focus();
  press("ArrowRight");
  expect((document.activeElement as HTMLElement).dataset["routine"]).toBe("reader");
  press("Enter");
  expect(store.selection).toEqual({ kind: "routine", id: "reader" });
  expect(routine(graph, "reader").ariaPressed ?? routine(graph, "reader").getAttribute("aria-pressed")).toBe("true");
  press("Escape");
  expect(store.selection).toBe(null);
});

test("a large flow has its routines in the list, and there only", async () => {
  const chain = Array.from({ length: 220 }, (_, i) => `r${i}.out -> r${i + 1}.in`);
  const { graph } = await shown(flowOf(chain, [], "r0"));
  expect(graph.querySelectorAll("[data-routine]")).toHaveLength(221);
  expect(graph.querySelectorAll(".graph-list [data-routine]")).toHaveLength(221);
});

test("a flow without routines says so", async () => {
  const { graph } = await shown(flowOf([]));
  expect(graph.textContent).toContain("This flow has no routines.");
});

test("names and data of a flow are text, never markup", async () => {
  const flow = flowOf([], ["<img src=x onerror=alert(1)>"]);
  flow.routines[0]!.class = "<b>bold</b>";
  flow.routines[0]!.slots = ["<i>slot</i>"];
  const { graph } = await shown(flow);
  expect(graph.querySelector("img, i, .card-class b")).toBe(null);
  expect(graph.textContent).toContain("<b>bold</b>");
});

test("a new structure is laid out anew, the same one is not", async () => {
  const { graph, store } = await shown();
  const before = routine(graph, "walker");
  store.takeKeyframe(keyframe(CENSUS));
  await new Promise((resolve) => setTimeout(resolve));
  expect(routine(graph, "walker")).toBe(before);
  store.takeKeyframe(keyframe(flowOf(["a.out -> b.in"])));
  await new Promise((resolve) => setTimeout(resolve));
  expect(graph.querySelectorAll("[data-routine]")).toHaveLength(2);
});
