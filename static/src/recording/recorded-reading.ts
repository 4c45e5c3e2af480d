// What is read by range of a job, out of the recording that the page is.
import { ApiError } from "../live/api.ts";
import type { JobReading, Metrics } from "../live/job-reading.ts";
import type { HistoryPage, LogPage, LogRow, OutputPage, OutputRow, Record as HistoryRecord } from "../live/protocol.ts";
import type { RecordedParts } from "./parts.ts";

/** Records `first` and the following, in columns. `us`: microseconds since the epoch; `cut`: indices of previews. */
export interface RecordRows {
  first: number;
  source: number[];
  us: number[];
  cause: number[];
  cut: number[];
}

/** The payloads of records `first` and the following. */
export interface PayloadRows {
  first: number;
  data: unknown[];
}

/** What a number in `RecordRows.source` means. */
export type SourceRow = [routineId: string, eventName: string, kind: HistoryRecord["kind"]];

/** How many rows the job had of each kind. */
export interface Totals {
  records: number;
  log: number;
  outputs: number;
}

export const LEFT_OUT = "(left out of this recording)";

export class RecordedReading implements JobReading {
  constructor(
    private readonly parts: RecordedParts,
    private readonly totals: Totals,
  ) {}

  history(_jobId: string, after: number, limit: number): Promise<HistoryPage> {
    return readable(async () => {
      const [from, to] = [after + 1, after + limit];
      const sources = await this.parts.one<SourceRow[]>("sources");
      const rows = await this.parts.rows<RecordRows>("records", from, to);
      const payloads = payloadsOf(await this.parts.rows<PayloadRows>("payloads", from, to));
      const records = rows.flatMap((some) => recordsOf(some, sources, payloads)).filter(within(from, to, seqOf));
      const total = this.totals.records;
      return { records, first: this.parts.first("records", total + 1), last: total, total };
    });
  }

  log(_jobId: string, after: number, limit: number): Promise<LogPage> {
    return readable(async () => {
      const entries = await this.numbered<LogRow>("log", after + 1, after + limit);
      const total = this.totals.log;
      return { entries, first: this.parts.first("log", total + 1), last: total, total };
    });
  }

  outputs(_jobId: string, after: number, limit: number): Promise<OutputPage> {
    return readable(async () => {
      const outputs = await this.numbered<OutputRow>("outputs", after + 1, after + limit);
      const total = this.totals.outputs;
      return { outputs, first: this.parts.first("outputs", total + 1), last: total, total };
    });
  }

  metrics(): Promise<Metrics> {
    return readable(async () => {
      const metrics = await this.parts.one<Metrics>("metrics");
      const numbers = ["total_routines", "total_events", "total_execution_time", "avg_routine_time"] as const;
      if (numbers.some((name) => typeof metrics?.flow?.[name] !== "number")) throw new Error("There are no figures.");
      return metrics;
    });
  }

  private async numbered<T extends { n: number }>(part: string, from: number, to: number): Promise<T[]> {
    const rows = await this.parts.rows<T[]>(part, from, to);
    return rows.flat().filter(within(from, to, (row) => row.n));
  }
}

/** Says what went wrong as a person can read it. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(0, "The recording could not be read", `The file may be damaged. ${why}`);
  }
}

function within<T>(from: number, to: number, numberOf: (row: T) => number): (row: T) => boolean {
  return (row) => from <= numberOf(row) && numberOf(row) <= to;
}

function seqOf(record: HistoryRecord): number {
  return record.seq;
}

function payloadsOf(parts: PayloadRows[]): Map<number, unknown> {
  const payloads = new Map<number, unknown>();
  for (const { first, data } of parts) for (const [i, payload] of data.entries()) payloads.set(first + i, payload);
  return payloads;
}

function recordsOf(rows: RecordRows, sources: SourceRow[], payloads: Map<number, unknown>): HistoryRecord[] {
  const cut = new Set(rows.cut);
  return rows.source.map((number, i) => {
    const seq = rows.first + i;
    const [routine_id, event_name, kind] = sources[number] ?? ["", "", "custom"];
    const held = payloads.has(seq);
    return {
      seq,
      timestamp: isoOf(rows.us[i] ?? 0),
      routine_id,
      event_name,
      kind,
      data: held ? payloads.get(seq) : LEFT_OUT,
      cause: rows.cause[i] || null,
      cut: !held || cut.has(i),
    };
  });
}

/** ISO 8601 with microseconds, as the server writes it. */
export function isoOf(us: number): string {
  const micros = String(us % 1000).padStart(3, "0");
  return new Date(Math.floor(us / 1000)).toISOString().replace("Z", `${micros}+00:00`);
}
