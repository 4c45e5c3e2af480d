// How the inspector puts a routine's settings and figures into words. Pure.
import type { ErrorHandling, FlowDefinition, RoutineFigures } from "../live/protocol.ts";
import { duration, number, percent } from "../parts/format.ts";

/** "RETRY ×3, backoff 2.0 (routine)": what happens when a handler raises, and who decided it. */
export function strategyWords(handling: ErrorHandling): string {
  const { strategy, level, max_retries: most, retry_backoff: backoff, is_critical: critical } = handling;
  const retry = strategy === "retry" ? ` ×${most}, backoff ${backoff.toFixed(1)}` : "";
  return `${strategy.toUpperCase()}${retry}${critical ? ", critical" : ""} (${level})`;
}

/** A name and its value; a name of the flow's own may follow the name: Queued in `text`. */
export type Fact = [name: string, value: string, own?: string];

/** Names and values under the routine's name; what is nothing and says nothing is left out. */
export function routineFacts(figures: RoutineFigures, slots: readonly string[]): Fact[] {
  const { done, errors, retries, queued, running, avg_ms: mean, min_ms: low, max_ms: high } = figures;
  const ended = done + errors;
  const facts: Fact[] = [
    ["Executions", number(ended)],
    ["Success rate", percent(ended ? done / ended : null)],
    ["Average · min · max", together([mean, low, high].map(duration))],
    slots.length === 1 ? ["Queued in", number(queued), slots[0]!] : ["Queued", number(queued)],
    ["Running now", number(running)],
  ];
  if (retries > 0) facts.splice(2, 0, ["Retries", number(retries)]);
  return facts;
}

/** "2.9 · 0.1 · 188 ms": the unit once where it is the same; a dash where there is nothing. */
function together(durations: string[]): string {
  const [first = "", ...rest] = durations;
  const unit = / \D+$/.exec(first)?.[0];
  if (!unit) return first;
  const same = rest.every((text) => text.endsWith(unit) && /^[\d.,]+ \D+$/.test(text));
  return (same ? durations.map((text) => text.slice(0, -unit.length)) : durations).join(" · ") + (same ? unit : "");
}

/** "sequential", "concurrent, 4 workers". */
export function workersWords({ execution_strategy: strategy, max_workers: workers }: FlowDefinition): string {
  return strategy === "sequential"
    ? "sequential"
    : `concurrent, ${number(workers)} ${workers === 1 ? "worker" : "workers"}`;
}

/** How many routines have each status, the most telling status first; those that none has are left out. */
export function statusCounts(routines: { [id: string]: RoutineFigures }): [RoutineFigures["status"], number][] {
  const order = ["lost", "failed", "retry", "paused", "running", "idle", "pending", "completed", "cancelled"] as const;
  const counts = new Map<string, number>();
  for (const { status } of Object.values(routines)) counts.set(status, (counts.get(status) ?? 0) + 1);
  return order.flatMap((status) => {
    const count = counts.get(status);
    return count ? [[status, count] as [RoutineFigures["status"], number]] : [];
  });
}

/** The routines in which `figure` is highest, at most `most`, none in which it is 0. */
export function topRoutines(
  routines: { [id: string]: RoutineFigures },
  figure: "queued" | "errors",
  most = 5,
): [string, number][] {
  return Object.entries(routines)
    .map(([id, figures]): [string, number] => [id, figures[figure]])
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, most);
}
