import { expect, test } from "vitest";

import { figures, flowOf } from "../graph/flow.fixture.ts";
import { routineFacts, statusCounts, strategyWords, topRoutines, workersWords } from "./inspector-words.ts";

test("an error strategy says what happens and who decided", () => {
  const handling = flowOf([], ["a"]).routines[0]!.error_strategy;
  expect(strategyWords(handling)).toBe("RETRY ×3, backoff 2.0 (routine)");
  expect(strategyWords({ ...handling, strategy: "stop", level: "default" })).toBe("STOP (default)");
  expect(strategyWords({ ...handling, is_critical: true })).toBe("RETRY ×3, backoff 2.0, critical (routine)");
});

test("facts of a routine: one unit where it is the same, retries only where there were some", () => {
  const facts = routineFacts(figures({ done: 1571, errors: 6, avg_ms: 2.9, min_ms: 0.1, max_ms: 188, queued: 12 }), [
    "text",
  ]);
  expect(facts).toEqual([
    ["Executions", "1,577"],
    ["Success rate", "99.6 %"],
    ["Average · min · max", "2.9 · 0.1 · 188 ms"],
    ["Queued in", "12", "text"],
    ["Running now", "0"],
  ]);
  expect(routineFacts(figures({ retries: 2 }), [])).toContainEqual(["Retries", "2"]);
  expect(routineFacts(figures(), [])).toContainEqual(["Average · min · max", "–"]);
  const mixed = routineFacts(figures({ avg_ms: 2.9, min_ms: 0.04, max_ms: 2400 }), []);
  expect(mixed).toContainEqual(["Average · min · max", "2.9 ms · 40 µs · 2.4 s"]);
});

test("the flow's summary counts statuses and finds where to look first", () => {
  const routines = {
    a: figures({ status: "running", queued: 3 }),
    b: figures({ status: "failed", errors: 2, queued: 9 }),
    c: figures({ status: "running" }),
  };
  expect(statusCounts(routines)).toEqual([["failed", 1], ["running", 2]]); // prettier-ignore
  expect(topRoutines(routines, "queued")).toEqual([["b", 9], ["a", 3]]); // prettier-ignore
  expect(topRoutines(routines, "errors")).toEqual([["b", 2]]);
  expect(workersWords(flowOf([]))).toBe("concurrent, 4 workers");
});
