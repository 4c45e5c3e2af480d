import { expect, test } from "vitest";

import { nameSides } from "./port-names.ts";

test("a name stands off its line: below when the line rises, else above, beside when there is none", () => {
  expect(nameSides([{ offset: 30, rise: 20 }])).toEqual(["below"]);
  expect(nameSides([{ offset: 30, rise: -20 }])).toEqual(["above"]);
  expect(nameSides([{ offset: 30, rise: undefined }])).toEqual(["beside"]);
});

test("two names do not meet between two close ports", () => {
  const close = [
    { offset: 26, rise: 20 },
    { offset: 52, rise: 0 },
  ];
  expect(nameSides(close)).toEqual(["below", "below"]);
  const far = [
    { offset: 26, rise: 20 },
    { offset: 80, rise: 0 },
  ];
  expect(nameSides(far)).toEqual(["below", "above"]);
});
