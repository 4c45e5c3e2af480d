import { expect, test } from "vitest";

import { shortened } from "./tile-canvas.ts";

test("a name that does not fit keeps its ends", () => {
  expect(shortened("routine_77", 10)).toBe("routine_77");
  expect(shortened("routine_77", 7)).toBe("rou…_77");
  expect(shortened("routine_77", 0)).toBe("r…7");
});
