import { describe, expect, test } from "vitest";

import { DataTree, differences } from "./data-tree.ts";
import "./icon.ts";
import { sparkBars, sparkPoints } from "./sparkline.ts";
import { tabByKey } from "./tabs.ts";
import { threeSteps } from "./time-chart.ts";

describe("a tree of data", () => {
  const shown = async (value: unknown): Promise<DataTree> => {
    const tree = new DataTree();
    tree.value = value;
    document.body.append(tree);
    await tree.updateComplete;
    return tree;
  };

  test("shows markup as text", async () => {
    const tree = await shown({ "<b>": "<img src=x onerror=alert(1)>" });
    expect(tree.querySelector("img, b")).toBeNull();
    expect(tree.textContent).toContain("<img src=x onerror=alert(1)>");
  });

  test("shows a hundred items of a list, and the rest on request", async () => {
    const tree = await shown(Array.from({ length: 250 }, (_, index) => index));
    expect(tree.querySelectorAll("li .n").length).toBe(100);
    tree.querySelector<HTMLButtonElement>(".link")?.click();
    await tree.updateComplete;
    expect(tree.querySelectorAll("li .n").length).toBe(200);
  });

  test("lights up what changed since the value before, when it is asked to", async () => {
    const tree = await shown({ parsed: 1, last: "a" });
    tree.highlight = true;
    tree.value = { parsed: 2, last: "a" };
    await tree.updateComplete;
    expect([...tree.querySelectorAll(".chg")].map((element) => element.textContent)).toEqual(["2"]);
  });

  test("knows what differs by its path", () => {
    expect([...differences({ a: [1, 2], b: 1 }, { a: [1, 3, 4], b: 1 })]).toEqual(["/a/1", "/a/2"]);
    expect([...differences(null, 5)]).toEqual([""]);
  });
});

test("a curve fills its box and the highest value is at its top", () => {
  expect(sparkPoints([0, 4, 2], 20, 13)).toBe("0,11.5 10,1.5 20,6.5");
  expect(sparkPoints([0, 0], 10, 13)).toBe("0,11.5 10,11.5");
});

test("a bar of something can be seen beside a large one, and one of nothing is a trace", () => {
  const [large, small, none] = sparkBars([1000, 1, 0], 30, 20);
  expect([large?.[3], small?.[3], none?.[3]]).toEqual([20, 1.5, 0.8]);
});

test("arrow keys go round the tabs, Home and End to the ends", () => {
  const tabs = ["a", "b", "c"].map((id) => ({ id, title: id }));
  const by = (key: string): string | null => tabByKey(key, tabs, "c");
  expect([by("ArrowRight"), by("ArrowLeft"), by("Home"), by("End"), by("x")]).toEqual(["a", "b", "a", "c", null]);
});

test("an axis has few and round values", () => {
  expect(threeSteps(0, 420)).toEqual([0, 200, 400]);
  expect(threeSteps(0, 0.7)).toEqual([0, 0.5]);
  expect(threeSteps(0, 1.1, 1)).toEqual([0, 1]);
});

test("an icon draws nothing but what it knows", () => {
  document.body.innerHTML = '<ui-icon name="pause"></ui-icon><ui-icon name="<script>"></ui-icon>';
  const [known, unknown] = document.querySelectorAll("ui-icon");
  expect([known?.querySelector("svg") !== null, unknown?.childNodes.length]).toEqual([true, 0]);
});
