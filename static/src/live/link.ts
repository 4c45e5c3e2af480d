// How well the page hears the server: live, stale or offline, decided from what was heard and when. Pure.

/** `replay`: what is shown is a moment of the past, and no line is needed. */
export type ConnectionState = "live" | "stale" | "offline" | "replay";

/** An answer to a ping may be missing for so long before the page calls itself stale. */
export const ANSWER_MS = 4000;
/** The server's pump may be silent for so long before the page calls itself stale. */
export const PUMP_MS = 3000;

/** What is known of the line to the server. Times are epoch ms by this page's clock unless said otherwise. */
export interface Heard {
  /** The socket is connected to the namespace. */
  connected: boolean;
  /** When the last answer or message came, or null. */
  heardAt: number | null;
  /** When the oldest ping that has no answer yet was sent, or null. */
  unansweredSince: number | null;
  /** How far the server's pump lagged behind the server's clock at the last answer, ms. */
  pumpLag: number;
  /** Round trip of the last ping, ms, or null. */
  rtt: number | null;
  /** Server's clock minus this page's clock, ms. */
  offset: number;
  /** When the next attempt to connect is made, or null. */
  retryAt: number | null;
}

export const UNHEARD: Heard = {
  connected: false,
  heardAt: null,
  unansweredSince: null,
  pumpLag: 0,
  rtt: null,
  offset: 0,
  retryAt: null,
};

/** The state at `now`. Connected is not enough: the first answer must have come, and the later ones in time. */
export function connectionState(heard: Heard, now: number): ConnectionState {
  if (!heard.connected || heard.heardAt === null) return "offline";
  if (heard.unansweredSince !== null && now - heard.unansweredSince > ANSWER_MS) return "stale";
  return heard.pumpLag > PUMP_MS ? "stale" : "live";
}

/** The last moment that the server told of, in its own clock, epoch ms. */
export function lastMoment(heard: Heard): number | null {
  return heard.heardAt === null ? null : heard.heardAt - heard.pumpLag + heard.offset;
}

/** Waiting time before attempt number `attempt` (from 0) to connect again, ms. */
export function backoff(attempt: number): number {
  return Math.min(5000, 500 * 2 ** attempt);
}
