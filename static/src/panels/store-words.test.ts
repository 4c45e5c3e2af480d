import { describe, expect, test } from "vitest";

import { aStore } from "../live/examples.ts";
import type { StoreHealth } from "../live/protocol.ts";
import { storeWords } from "./store-words.ts";

const SINCE = new Date(2026, 2, 2, 12, 4, 31).getTime();
const NOW = SINCE + 60_000;
const said = (some: Partial<StoreHealth>): string | undefined => {
  const words = storeWords(aStore(some), NOW);
  return words ? `${words.title} ${words.text}` : undefined;
};

describe("what is said of the store", () => {
  test("nothing while it keeps everything, is late, or is not there", () => {
    const states = ["ok", "behind", "none"] as const;
    expect(states.map((state) => storeWords(aStore({ state, waiting: 12 }), NOW))).toEqual([null, null, null]);
  });

  test("while it cannot be written: why, since when, what waits and what will be missing", () => {
    const failing = { state: "failing", reason: "the disk is full: /data/runs.db" } as const;
    expect(said(failing)).toBe("Not being kept. The disk is full: /data/runs.db. Jobs run on and are shown as ever.");
    expect(said({ ...failing, since: new Date(SINCE).toISOString(), waiting: 1204, lost: 1 })).toBe(
      "Not being kept. The disk is full: /data/runs.db. Since 12:04:31 nothing has been written. " +
        "1,204 rows wait in memory until the store can be written again. " +
        "1 row found no room there and will be missing. Jobs run on and are shown as ever.",
    );
  });

  test("what is missing, once it is written again", () => {
    expect(said({ lost: 312 })).toMatch(/^Not all was kept\. 312 rows could be neither stored nor held in memory/);
  });

  test("what programs have left out is not the store's doing", () => {
    const left =
      "195,404 records were left out by programs elsewhere and only counted: " +
      "more waited in them to be sent than they may hold.";
    expect(said({ thinned: 195_404 })).toBe(
      `Not all was sent. ${left} Counters are right; the missing records cannot be looked up.`,
    );
    expect(said({ lost: 1, thinned: 195_404 })).toMatch(/^Not all was kept\. 1 row could be neither stored .* 195,404 rec/);
    expect(said({ state: "failing", reason: "it is full", thinned: 1 })).toMatch(/1 record was left out by programs/);
  });
});
