import { describe, expect, test } from "vitest";

import { heardNow } from "./examples.ts";
import { ANSWER_MS, PUMP_MS, UNHEARD, backoff, connectionState, lastMoment } from "./link.ts";

describe("the connection", () => {
  const now = 100_000;
  const heard = heardNow({ heardAt: now });

  test("is offline until the server has been heard, and when the socket is down", () => {
    expect(connectionState(UNHEARD, now)).toBe("offline");
    expect(connectionState({ ...UNHEARD, connected: true }, now)).toBe("offline");
    expect(connectionState({ ...heard, connected: false }, now)).toBe("offline");
    expect(connectionState(heard, now)).toBe("live");
  });

  test("is stale when an answer is missing for four seconds", () => {
    expect(connectionState({ ...heard, unansweredSince: now - ANSWER_MS }, now)).toBe("live");
    expect(connectionState({ ...heard, unansweredSince: now - ANSWER_MS - 1 }, now)).toBe("stale");
  });

  test("is stale when the server answers but sends nothing", () => {
    expect(connectionState({ ...heard, pumpLag: PUMP_MS + 1 }, now)).toBe("stale");
  });

  test("speaks of the moment of the last word, by the server's clock", () => {
    expect(lastMoment(UNHEARD)).toBeNull();
    expect(lastMoment({ ...heard, offset: -2000, pumpLag: 500 })).toBe(now - 2500);
  });

  test("is tried again after half a second, then later and later, but at least every five", () => {
    expect([0, 1, 2, 3, 4, 20].map(backoff)).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  });
});
