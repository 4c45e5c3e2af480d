import { afterEach, expect, test } from "vitest";

import { CENSUS, figures, keyframe } from "../graph/flow.fixture.ts";
import type { Keyframe } from "../live/protocol.ts";
import { JobStore } from "../live/store.ts";
import type { DataTree } from "../parts/data-tree.ts";
import type { RoutineInspector } from "./routine-inspector.ts";
import "./routine-inspector.ts";

const MARKUP = "<img src=x onerror=alert(1)>";

async function inspecting(some: Partial<Keyframe>): Promise<{ inspector: RoutineInspector; store: JobStore }> {
  const store = new JobStore("job", (show) => show());
  const whole = keyframe(CENSUS);
  store.takeKeyframe({ ...whole, ...some, routines: { ...whole.routines, ...some.routines } });
  const inspector = document.createElement("routine-inspector") as RoutineInspector;
  inspector.store = store;
  document.body.append(inspector);
  await inspector.updateComplete;
  return { inspector, store };
}

afterEach(() => document.body.replaceChildren());

const broken = figures({
  status: "failed",
  done: 6,
  errors: 1,
  last_error: {
    routine_id: "parser",
    slot: "text",
    error_type: "SyntaxError",
    error: MARKUP,
    traceback: `Traceback\n  ${MARKUP}`,
    timestamp: "2026-01-01T12:04:31+00:00",
  },
});

test("a selected routine shows its figures, its error and its source", async () => {
  const { inspector, store } = await inspecting({ routines: { parser: broken } });
  store.select({ kind: "routine", id: "parser" });
  await inspector.updateComplete;
  const text = inspector.textContent!;
  for (const part of ["parser", "Class of parser", "RETRY ×3", "85.7 %", "SyntaxError", "example.py:7"]) {
    expect(text).toContain(part);
  }
});

test("text of an error is shown as text", async () => {
  const { inspector, store } = await inspecting({ routines: { parser: broken } });
  store.select({ kind: "routine", id: "parser" });
  await inspector.updateComplete;
  expect(inspector.querySelector("img")).toBe(null);
  expect(inspector.querySelector("pre")!.textContent).toContain(MARKUP);
});

test("why a routine is not running is told, and not while it runs", async () => {
  const { inspector, store } = await inspecting({
    routines: {
      reader: figures({ detail: "waiting for walker.file" }),
      walker: figures({ status: "running", detail: "x" }),
    },
  });
  store.select({ kind: "routine", id: "reader" });
  await inspector.updateComplete;
  expect(inspector.querySelector(".why")!.textContent).toContain("waiting for walker.file");
  store.select({ kind: "routine", id: "walker" });
  await inspector.updateComplete;
  expect(inspector.querySelector(".why")).toBe(null);
});

test("a record of the routine leads into the history", async () => {
  const record = {
    seq: 12,
    timestamp: "2026-01-01T12:04:31+00:00",
    routine_id: "parser",
    event_name: "tree",
    kind: "event" as const,
    data: { nodes: 3 },
    cause: 11,
    cut: false,
  };
  const { inspector, store } = await inspecting({ records: [record, { ...record, seq: 13, routine_id: "reader" }] });
  store.select({ kind: "routine", id: "parser" });
  await inspector.updateComplete;
  let asked = 0;
  document.body.addEventListener("show-record", (event) => (asked = (event as CustomEvent<number>).detail), {
    once: true,
  });
  const rows = [...inspector.querySelectorAll<HTMLElement>("button")].filter(({ title }) =>
    title.startsWith("Show record"),
  );
  expect(rows).toHaveLength(1);
  rows[0]!.click();
  expect(asked).toBe(12);
});

test("records stay where they are while the pointer is over them", async () => {
  const record = (seq: number) => ({
    seq,
    timestamp: "2026-01-01T12:04:31+00:00",
    routine_id: "parser",
    event_name: "tree",
    kind: "event" as const,
    data: {},
    cause: null,
    cut: false,
  });
  const { inspector, store } = await inspecting({ records: [record(1)], seq: 1 });
  const rows = (): number => inspector.querySelectorAll("[title^='Show record']").length;
  store.select({ kind: "routine", id: "parser" });
  await inspector.updateComplete;
  const list = inspector.querySelector("[title^='Show record']")!.closest("ul")!;
  list.dispatchEvent(new Event("pointerenter"));
  const { job } = store.state!;
  store.takeFrame({ job_id: "job", frame: 2, seq: 2, at: 1, job, records: [record(2)] });
  await inspector.updateComplete;
  expect(rows()).toBe(1);
  list.dispatchEvent(new Event("pointerleave"));
  store.takeFrame({ job_id: "job", frame: 3, seq: 3, at: 1, job, records: [record(3)] });
  await inspector.updateComplete;
  expect(rows()).toBe(3);
});

test("a connection that is red says of which errors it tells; no other does", async () => {
  const { inspector, store } = await inspecting({ routines: { parser: broken } });
  store.select({ kind: "connection", id: "parser.rejected->triage.file" });
  await inspector.updateComplete;
  expect(inspector.querySelector(".kv")!.textContent).toMatch(/Errors of\s+parser\s+1/);
  store.select({ kind: "connection", id: "parser.tree->imports.tree" });
  await inspector.updateComplete;
  expect(inspector.querySelector(".kv")!.textContent).not.toContain("Errors");
});

test("a selected connection shows its ends and its count, and leads to its routines", async () => {
  const id = "parser.tree->imports.tree";
  const { inspector, store } = await inspecting({ connections: { [id]: { count: 1565, rate: 20 } } });
  store.select({ kind: "connection", id });
  await inspector.updateComplete;
  expect(inspector.textContent).toContain("1,565");
  [...inspector.querySelectorAll<HTMLElement>("button.link")].find((link) => link.textContent === "imports")!.click();
  expect(store.selection).toEqual({ kind: "routine", id: "imports" });
});

test("with nothing selected, or something that is gone, the flow is summed up", async () => {
  const { inspector, store } = await inspecting({});
  store.select(null);
  await inspector.updateComplete;
  expect(inspector.textContent).toContain("concurrent, 4 workers");
  store.select({ kind: "routine", id: "gone" });
  await inspector.updateComplete;
  expect(inspector.textContent).toContain("Routines by status");
});

test("a state lights up what changed in it, and nothing because another routine is selected", async () => {
  const stored = (state: unknown) => ({ state, cut: false });
  const { inspector, store } = await inspecting({
    states: { parser: stored({ parsed: 1 }), reader: stored({ read: 5 }) },
  });
  const lit = async (): Promise<string[]> => {
    await inspector.updateComplete;
    const tree = inspector.querySelector("data-tree")!;
    await (tree as DataTree).updateComplete;
    return [...tree.querySelectorAll(".chg")].map(({ textContent }) => textContent ?? "");
  };
  store.select({ kind: "routine", id: "parser" });
  expect(await lit()).toEqual([]);
  store.select({ kind: "routine", id: "reader" });
  expect(await lit()).toEqual([]);
  const { state } = store;
  store.takeFrame({ job_id: "job", frame: 2, seq: 1, at: 1, job: state!.job, states: { reader: stored({ read: 6 }) } });
  expect(await lit()).toEqual(["6"]);
});
