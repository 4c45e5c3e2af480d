// Numbers, durations and times as people read them. Pure; times are local to the reader.

const NUMBER = new Intl.NumberFormat("en");
const NONE = "–";

/** 18230 → "18,230"; null → "–". */
export function number(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? NONE : NUMBER.format(Math.round(value));
}

const UNITS = ["", "k", "M", "G", "T", "P"];

/** Exact below `from`, then three digits, never rounded up: 999999 → "999,999", 1239999 → "1.23 M". */
export function shortNumber(value: number, from = 1e6): string {
  if (!(value >= from)) return number(value);
  let power = 0;
  while (value >= 1000 ** (power + 1) && power < UNITS.length - 1) power += 1;
  const scaled = value / 1000 ** power;
  const digits = scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
  return `${(Math.floor(scaled * 10 ** digits) / 10 ** digits).toFixed(digits)} ${UNITS[power]}`;
}

/** As `shortNumber`, but nothing at all is a dash: for tables in which zeros are noise. */
export function count(value: number): string {
  return value === 0 ? NONE : shortNumber(value);
}

/** "1 job", "2,141 jobs". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** Per second: 842.4 → "842/s", 3.42 → "3.4/s", 1234567 → "1.23 M/s", 0 → "–". */
export function rate(value: number): string {
  if (!(value > 0)) return NONE;
  return `${value < 9.95 ? trimmed(value) : shortNumber(value)}/s`;
}

/** A share of 1 with one digit, never rounded up to all: 0.99996 → "99.9 %". */
export function percent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return NONE;
  if (share >= 1) return "100 %";
  return `${(Math.min(999, Math.round(share * 1000)) / 10).toFixed(1)} %`;
}

/** A running clock: 107,000 ms → "00:01:47"; from a day on "2 d 03:04:05". */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(seconds / 86_400);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return (days ? `${days} d ` : "") + parts.map(twoDigits).join(":");
}

/** How long something took: "0.4 ms", "12 ms", "1.4 s", "2 min 11 s", "3 h 20 min", "4 d 2 h". */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  if (ms < 0.1 && ms > 0) return ms < 0.001 ? "< 1 µs" : `${number(ms * 1000)} µs`;
  if (ms < 1000) return `${trimmed(ms)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1000)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3600) return twoUnits(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return twoUnits(seconds, 3600, "h", 60, "min");
  return twoUnits(seconds, 86_400, "d", 3600, "h");
}

/** As `duration`, for times that grow while one looks: tenths of a second at the finest, "0.7 s". */
export function growing(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : duration(ms);
}

/** As `duration`, without tenths, so that it counts calmly. */
export function wholeSeconds(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

/** How long ago, roughly: "just now", "12 s ago", "2 min ago", "3 h ago", "4 d ago". */
export function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The local time of day: "12:04:31", with `digits` 3 "12:04:31.042". Takes ISO 8601 or epoch ms. */
export function timeOfDay(moment: string | number, digits: 0 | 3 = 0): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return NONE;
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return digits ? `${parts}.${String(date.getMilliseconds()).padStart(3, "0")}` : parts;
}

/** The time of day, with the date before it when that is not the day of `now`: "12:04:31", "2026-03-01 12:04:31". */
export function dayAndTime(moment: string | number, now: number): string {
  const day = isoDay(new Date(moment));
  return (day === isoDay(new Date(now)) ? "" : `${day} `) + timeOfDay(moment);
}

/** Everything there is to say about a moment: "2026-03-02 12:04:31.042 +01:00". */
export function fullTime(moment: string | number): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return NONE;
  return `${isoDay(date)} ${timeOfDay(date.getTime(), 3)} ${zone(-date.getTimezoneOffset())}`;
}

/** Words that come as part of a sentence, as a sentence: "the job is running" → "The job is running." (URLs stay.) */
export function asSentence(words: string): string {
  const text = words.trim();
  const first = text.slice(0, 1);
  const begun = (/^\w+:\/\//.test(text) ? first : first.toUpperCase()) + text.slice(1);
  return begun + (/[.!?…]$/.test(text) || !text ? "" : ".");
}

/** The beginning of an id, enough to tell it from its neighbours. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

function isoDay(date: Date): string {
  return [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join("-");
}

function zone(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** One digit after the point below 10, none above, and no trailing zero. */
function trimmed(value: number): string {
  return value < 9.95 ? String(Math.round(value * 10) / 10) : number(value);
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ""}`;
}
