// Flows and figures for the tests of graph and inspector.
import type { FlowDefinition, Keyframe, RoutineFigures } from "../live/protocol.ts";
import { NO_FIGURES } from "./card-words.ts";

/** A flow from connections written as "a.event -> b.slot"; routines are those that they name, and `more`. */
export function flowOf(connections: string[], more: string[] = [], entry = ""): FlowDefinition {
  const ends = connections.map((text) => text.split(/[.\s>-]+/) as [string, string, string, string]);
  const ids = [...new Set([...ends.flatMap(([source, , target]) => [source, target]), ...more])];
  const named = <T>(values: T[]): T[] => [...new Set(values)];
  const bySource = Map.groupBy(ends, ([source]) => source);
  const byTarget = Map.groupBy(ends, ([, , target]) => target);
  const seen = new Map<string, number>();
  return {
    flow_id: "example",
    version: connections.join("|") + more.join("|"),
    execution_strategy: "concurrent",
    max_workers: 4,
    routines: ids.map((id) => ({
      routine_id: id,
      class: `Class of ${id}`,
      doc: "",
      slots: named((byTarget.get(id) ?? []).map(([, , , slot]) => slot)),
      events: named((bySource.get(id) ?? []).map(([, event]) => event)),
      error_strategy: {
        strategy: "retry",
        level: "routine",
        max_retries: 3,
        retry_delay: 1,
        retry_backoff: 2,
        is_critical: false,
      },
      source: { file: "example.py", line: 7 },
    })),
    connections: ends.map(([source, event, target, slot]) => {
      const id = `${source}.${event}->${target}.${slot}`;
      const count = (seen.get(id) ?? 0) + 1;
      seen.set(id, count);
      return {
        connection_id: count > 1 ? `${id}#${count}` : id,
        source: { routine_id: source, event },
        target: { routine_id: target, slot },
        param_mapping: {},
      };
    }),
    entries: entry ? [{ routine_id: entry, doc: "", parameters: {} }] : [],
  };
}

/** The census: a loop at its start, a fan, and a way for errors that goes past a column. */
export const CENSUS = flowOf(
  [
    "walker.more -> walker.more",
    "walker.file -> reader.path",
    "reader.text -> parser.text",
    "parser.tree -> complexity.tree",
    "parser.tree -> imports.tree",
    "parser.rejected -> triage.file",
    "parser.rejected -> ranking.rejected",
    "complexity.score -> ranking.score",
    "imports.edges -> ranking.edges",
  ],
  [],
  "walker",
);

export function figures(some: Partial<RoutineFigures> = {}): RoutineFigures {
  return { ...NO_FIGURES, ...some };
}

/** A keyframe of a running job of `flow`, in which nothing has happened but what `some` says. */
export function keyframe(flow: FlowDefinition, some: Partial<Keyframe> = {}): Keyframe {
  const at = Date.now();
  const begun = new Date(at).toISOString();
  const nothing = { total: 0, rows: [] };
  return {
    job_id: "job",
    frame: 1,
    seq: 0,
    at,
    flow,
    job: {
      job_id: "job",
      flow_id: flow.flow_id,
      status: "running",
      created_at: begun,
      updated_at: begun,
      ended_at: null,
      seq: 0,
      counts: { events: 0, errors: 0, queued: 0, running: 0 },
      rate: 0,
      activity: [],
      control: {
        action: null,
        state: null,
        by: "",
        reason: "",
        since: null,
        waiting_for: [],
        kept: 0,
        dropped: 0,
        refusals: {},
      },
      entry: null,
      params: null,
      rerunnable: false,
      origin: "",
      error: null,
      last_sign: null,
    },
    routines: Object.fromEntries(flow.routines.map(({ routine_id: id }) => [id, figures()])),
    connections: Object.fromEntries(flow.connections.map(({ connection_id: id }) => [id, { count: 0, rate: 0 }])),
    states: {},
    records: [],
    log: { ...nothing },
    outputs: { ...nothing },
    series: { start: at, interval_ms: 1000, points: [] },
    ...some,
  };
}
