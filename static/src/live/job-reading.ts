// What of a job is read by range or when it is wanted, wherever it is: on a server (`Api`), or in a recording.
import type { HistoryPage, LogPage, OutputPage } from "./protocol.ts";

/** What the page shows of `GET /jobs/{job_id}/metrics`: the tracker's figures of the whole flow; times in seconds. */
export interface Metrics {
  flow: { total_routines: number; total_events: number; total_execution_time: number; avg_routine_time: number };
}

/** Each is rejected with an `ApiError`, which a person can read. */
export interface JobReading {
  /** Records `after + 1` to `after + limit`. */
  history(jobId: string, after: number, limit: number, signal?: AbortSignal): Promise<HistoryPage>;
  log(jobId: string, after: number, limit: number, signal?: AbortSignal): Promise<LogPage>;
  outputs(jobId: string, after: number, limit: number, signal?: AbortSignal): Promise<OutputPage>;
  metrics(jobId: string, signal?: AbortSignal): Promise<Metrics>;
}
