// REST as the page uses it. Whatever goes wrong is thrown as an ApiError, which a person can read.
import type { JobReading, Metrics } from "./job-reading.ts";
import type { Control, HistoryPage, JobSummary, LogPage, OutputPage, Problem, StartJob } from "./protocol.ts";
import type { Action, JobStatus } from "./view.ts";

/** A call that failed: `title` says what, `detail` why and what to do. `status` 0: the server did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(`${title}: ${detail}`);
    this.name = "ApiError";
  }
}

/** `GET /jobs`: `next` is the cursor of the page after this one; `counts` are of all jobs, by status. */
export interface JobsPage {
  jobs: JobSummary[];
  next: string | null;
  counts: { [status in JobStatus]?: number };
}

const JOBS_AT_ONCE = 200;

export class Api implements JobReading {
  constructor(private readonly base = "/api/v1") {}

  /** A page of the jobs with one of `statuses` (none: with any), newest first, behind `cursor` (null: the first). */
  jobs(statuses: readonly JobStatus[], cursor: string | null): Promise<JobsPage> {
    const query = new URLSearchParams({ limit: String(JOBS_AT_ONCE) });
    if (statuses.length) query.set("status", statuses.join());
    if (cursor !== null) query.set("cursor", cursor);
    return this.get(`/jobs?${query}`);
  }

  history(jobId: string, after: number, limit: number, signal?: AbortSignal): Promise<HistoryPage> {
    return this.get(`/jobs/${encodeURIComponent(jobId)}/history?after=${after}&limit=${limit}`, signal);
  }

  log(jobId: string, after: number, limit: number, signal?: AbortSignal): Promise<LogPage> {
    return this.get(`/jobs/${encodeURIComponent(jobId)}/log?after=${after}&limit=${limit}`, signal);
  }

  outputs(jobId: string, after: number, limit: number, signal?: AbortSignal): Promise<OutputPage> {
    return this.get(`/jobs/${encodeURIComponent(jobId)}/outputs?after=${after}&limit=${limit}`, signal);
  }

  metrics(jobId: string, signal?: AbortSignal): Promise<Metrics> {
    return this.get(`/jobs/${encodeURIComponent(jobId)}/metrics`, signal);
  }

  /** Asks for a control; what becomes of it comes with the frames. */
  control(jobId: string, action: Action, reason = ""): Promise<Control> {
    return this.post(`/jobs/${encodeURIComponent(jobId)}/${action}`, { reason });
  }

  /** Starts the job `again` anew, with the entry and parameters that it had. */
  runAgain(flowId: string, again: string): Promise<JobSummary> {
    const start: StartJob = { again };
    return this.post(`/flows/${encodeURIComponent(flowId)}/jobs`, start);
  }

  private get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.call(path, signal ? { signal } : {});
  }

  private post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "content-type": "application/json" };
    return this.call(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  private async call<T>(path: string, init: RequestInit): Promise<T> {
    const response = await answer(this.base + path, init);
    if (!response.ok) throw await refusal(response);
    return (await response.json()) as T;
  }
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(
      0,
      "No answer",
      "The server cannot be reached; nothing was changed. Try again once the page is live.",
    );
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = await response.json().then(
    (body: Partial<Problem>) => body,
    () => ({}) as Partial<Problem>,
  );
  const detail = problem.detail || `The server answered with status ${response.status}.`;
  return new ApiError(response.status, problem.title || "The server refused", detail);
}
