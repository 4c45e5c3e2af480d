// What a recording says of itself.

/** Rows or payloads that the file would have been too large with, by their numbers; `count` of those it had. */
export interface LeftOut {
  what: "payloads" | "records" | "log" | "outputs" | "frames";
  first: number;
  last: number;
  count: number;
}

export interface About {
  format: number;
  made_by: string;
  made_at: string;
  job_id: string;
  flow_id: string;
  /** Where the job ran. */
  origin: string;
  /** Names of keys whose values are hidden. */
  masked: string[];
  /** The file was to have no more bytes than this. */
  limit: number;
  left_out: LeftOut[];
  /** What this recording could not hold whatever its size, in sentences. */
  missing: string[];
}
