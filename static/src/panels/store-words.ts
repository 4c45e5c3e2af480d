// What is not being kept, in words: why, since when, and what it means for what is seen here. Pure.
import type { StoreHealth } from "../live/protocol.ts";
import { asSentence, dayAndTime, plural } from "../parts/format.ts";

/** What a page says of a store that does not keep everything. */
export interface StoreWords {
  title: string;
  text: string;
}

/** The words at the moment `now` (server's epoch ms); null when there is nothing to tell. */
export function storeWords(health: StoreHealth, now: number): StoreWords | null {
  if (health.state === "failing") return { title: "Not being kept.", text: joined(failing(health, now)) };
  if (health.lost) return { title: "Not all was kept.", text: joined([...missing(health), leftOut(health)]) };
  return health.thinned ? { title: "Not all was sent.", text: joined([leftOut(health), COUNTED]) } : null;
}

const COUNTED = "Counters are right; the missing records cannot be looked up.";

function failing(health: StoreHealth, now: number): string[] {
  const { reason, since, waiting, lost } = health;
  return [
    asSentence(reason || "the store cannot be written"),
    since ? `Since ${dayAndTime(since, now)} nothing has been written.` : "",
    waiting ? `${rows(waiting)} ${waiting === 1 ? "waits" : "wait"} in memory until the store can be written again.` : "",
    lost ? `${rows(lost)} found no room there and will be missing.` : "",
    leftOut(health),
    "Jobs run on and are shown as ever.",
  ];
}

function missing({ lost }: StoreHealth): string[] {
  return [
    `${rows(lost)} could be neither stored nor held in memory, and ${lost === 1 ? "is" : "are"} missing.`,
    "The store works again. Counters are right; the missing rows cannot be looked up once their jobs leave memory.",
  ];
}

/** What programs elsewhere did not send whole: the store has no part in that. */
function leftOut({ thinned }: StoreHealth): string {
  if (!thinned) return "";
  return (
    `${plural(thinned, "record")} ${thinned === 1 ? "was" : "were"} left out by programs elsewhere and only counted: ` +
    "more waited in them to be sent than they may hold."
  );
}

function rows(count: number): string {
  return plural(count, "row");
}

function joined(sentences: string[]): string {
  return sentences.filter(Boolean).join(" ");
}
