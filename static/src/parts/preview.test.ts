import { expect, test } from "vitest";

import { preview } from "./preview.ts";

test("data is shown in one line, names without quotes where they need none", () => {
  expect(preview({ module: "asyncio", score: 61 })).toBe('{module: "asyncio", score: 61}');
  expect(preview({ "two words": [1, null, true, { a: [] }] })).toBe('{"two words": [1, null, true, {a: []}]}');
  expect(preview("line\nbreak")).toBe('"line\\nbreak"');
  expect(preview(0.1 + 0.2)).toBe("0.3");
});

test("what is longer than the limit is cut, and costs no more", () => {
  const many = Array.from({ length: 1_000_000 }, (_, index) => index);
  const line = preview(many, 40);
  expect(line.length).toBe(40);
  expect(line.endsWith("…")).toBe(true);
  expect(preview("x".repeat(10_000_000), 20)).toBe(`"${"x".repeat(18)}…`);
});

test("markup stays text", () => {
  expect(preview({ html: "<img src=x onerror=alert(1)>" })).toBe('{html: "<img src=x onerror=alert(1)>"}');
});

test("marks that would turn the text around them are shown by their codes", () => {
  expect(preview({ file: "\u202egnp.exe\u2066", שלום: "عربي" })).toBe('{file: "\\u202egnp.exe\\u2066", "שלום": "عربي"}');
});
