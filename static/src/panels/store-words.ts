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
  return health.lost ? { title: "Not all was kept.", text: joined(missing(health)) } : null;
}

function failing({ reason, since, waiting, lost }: StoreHealth, now: number): string[] {
  return [
    asSentence(reason || "the store cannot be written"),
    since ? `Since ${dayAndTime(since, now)} nothing has been written.` : "",
    waiting ? `${rows(waiting)} ${waiting === 1 ? "waits" : "wait"} in memory until the store can be written again.` : "",
    lost ? `${rows(lost)} found no room there and will be missing.` : "",
    "Jobs run on and are shown as ever.",
  ];
}

function missing({ lost }: StoreHealth): string[] {
  return [
    `${rows(lost)} could be neither stored nor held in memory, and ${lost === 1 ? "is" : "are"} missing.`,
    "The store works again. Counters are right; the missing rows cannot be looked up once their jobs leave memory.",
  ];
}

function rows(count: number): string {
  return plural(count, "row");
}

function joined(sentences: string[]): string {
  return sentences.filter(Boolean).join(" ");
}
