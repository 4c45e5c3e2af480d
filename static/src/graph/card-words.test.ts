import { expect, test } from "vitest";

import { cardWords, spokenCard } from "./card-words.ts";
import { figures } from "./flow.fixture.ts";

const error = {
  routine_id: "fetch",
  slot: "url",
  error_type: "KeyError",
  error: "'path'",
  traceback: "",
  timestamp: "2026-01-01T00:00:00+00:00",
};

test("a routine that has done nothing says what it waits for", () => {
  const words = cardWords(figures({ detail: "waiting for walker.file" }), 0);
  expect(words).toMatchObject({ status: "pending", done: "", note: "nothing yet", foot: "waiting for walker.file" });
});

test("figures that do not fit together on a card are short there, and heard exactly", () => {
  const some = figures({ status: "running", done: 98_765_432_109, errors: 1_234_567, queued: 62 });
  expect(cardWords(some, 0)).toMatchObject({ done: "98.7\u2009G", errors: "1.23\u2009M", queued: "62" });
  expect(spokenCard("parser", some, 0)).toContain("98,765,432,109 done, 1,234,567 errors, 62 queued");
});

test("a running routine shows exact figures and its latency", () => {
  const some = figures({ status: "running", done: 1571, errors: 6, queued: 12, p50_ms: 1.1, p95_ms: 9.9 });
  expect(cardWords(some, 0)).toEqual({
    status: "running",
    done: "1,571",
    errors: "6",
    queued: "12",
    note: "",
    foot: "p50 1.1 ms · p95 9.9 ms",
  });
});

test("a retry counts down, and says what went wrong", () => {
  const some = figures({
    status: "retry",
    done: 88,
    last_error: { ...error, error: "503 from localhost:8099" },
    retry: { attempt: 2, max_retries: 3, due_at: 14_000 },
  });
  expect(cardWords(some, 10_000)).toMatchObject({
    status: "retry 2 of 3",
    note: "in 4 s",
    foot: "503 from localhost:8099",
  });
  expect(cardWords(some, 15_000).note).toBe("now");
});

test("a paused routine says since when, a failed one its error, a single run how long it took", () => {
  expect(cardWords(figures({ status: "paused", done: 3, detail: "held since 12:04:31" }), 0).foot).toBe(
    "held since 12:04:31",
  );
  const held = figures({ status: "paused", done: 3, detail: "held since 12:04:31: the job is paused; retry 2 of 3" });
  expect(cardWords(held, 0).foot).toBe("held since 12:04:31"); // there is room for no more, and the status says why
  expect(cardWords(figures({ status: "failed", errors: 1, last_error: error }), 0).foot).toBe("KeyError: 'path'");
  expect(cardWords(figures({ status: "completed", done: 1, avg_ms: 212 }), 0).foot).toBe("took 212 ms");
});

test("the card is one sentence for those who hear it", () => {
  const some = figures({ status: "running", done: 5, errors: 1, queued: 2, running: 1 });
  expect(spokenCard("parser", some, 0)).toBe("parser, running, 5 done, 1 error, 2 queued, 1 running now");
});
