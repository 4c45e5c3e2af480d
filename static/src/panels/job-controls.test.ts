import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Api, ApiError } from "../live/api.ts";
import { aControl, aJob } from "../live/examples.ts";
import type { JobSummary } from "../live/protocol.ts";
import type { Toast } from "../parts/toast.ts";
import { JobControls } from "./job-controls.ts";

describe("the controls of a job", () => {
  let api: Api;
  let controls: JobControls;
  const toasts: Toast[] = [];
  const take = (event: Event): unknown => toasts.push((event as CustomEvent<Toast>).detail);

  beforeEach(() => {
    api = new Api();
    toasts.length = 0;
    document.addEventListener("toast", take);
  });

  afterEach(() => {
    document.removeEventListener("toast", take);
    controls.remove();
  });

  const show = async (job: JobSummary, some: Partial<JobControls> = {}): Promise<void> => {
    controls = Object.assign(new JobControls(), { job, api, ...some });
    document.body.append(controls);
    await controls.updateComplete;
  };
  const button = (name: string): HTMLButtonElement => {
    const found = controls.querySelector<HTMLButtonElement>(`button[aria-label="${name}"]`);
    if (!found) throw new Error(`no button ${name} in ${controls.textContent}`);
    return found;
  };
  const refusal = (name: string): [string | null, string | null] => [
    button(name).getAttribute("aria-disabled"),
    button(name).title || null,
  ];

  test("offer Pause while it runs and Resume while it is paused", async () => {
    await show(aJob());
    expect([...controls.querySelectorAll("button")].map((each) => each.getAttribute("aria-label"))).toEqual([
      "Pause",
      "Cancel",
      "Run again",
    ]);
    controls.job = aJob({
      status: "paused",
      control: aControl({ refusals: { pause: "it is paused", resume: null, cancel: null } }),
    });
    await controls.updateComplete;
    expect(refusal("Resume")).toEqual([null, null]);
  });

  test("that cannot act say why and do nothing", async () => {
    const asked = vi.spyOn(api, "control");
    const ended = "the job has ended: it is completed";
    const control = aControl({ refusals: { pause: ended, resume: ended, cancel: ended } });
    await show(aJob({ status: "completed", ended_at: "2026-03-02T12:02:58Z", control }));
    expect(refusal("Pause")).toEqual(["true", "The job has ended: it is completed."]);
    button("Pause").click();
    button("Cancel").click();
    expect(asked).not.toHaveBeenCalled();
    expect(button("Run again").classList.contains("primary")).toBe(true);
  });

  test("ask the server and wait for its answer before they say anything else", async () => {
    let answer = (_: JobSummary["control"]): void => {};
    const asked = vi.spyOn(api, "control").mockReturnValue(new Promise((resolve) => (answer = resolve)));
    await show(aJob());
    button("Pause").click();
    await controls.updateComplete;
    expect([asked.mock.calls[0]?.[1], button("Pause").getAttribute("aria-busy")]).toEqual(["pause", "true"]);
    expect(controls.querySelector(".label")?.getAttribute("data-seen")).toBe("asking…");
    answer(aControl());
    controls.job = aJob({ control: aControl({ action: "pause", state: "draining", since: "2026-03-02T12:00:00Z" }) });
    await controls.updateComplete;
    expect([
      button("Pause").getAttribute("aria-busy"),
      controls.querySelector(".label")?.getAttribute("data-seen"),
    ]).toEqual([null, "Pausing"]);
  });

  test("that are refused by the server show its reason and change nothing", async () => {
    vi.spyOn(api, "control").mockRejectedValue(new ApiError(409, "Conflict", "the job has ended"));
    await show(aJob());
    button("Pause").click();
    await vi.waitFor(() => expect(toasts.length).toBe(1));
    await controls.updateComplete;
    expect(toasts[0]).toEqual({ kind: "error", title: "The job was not paused", detail: "The job has ended." });
    expect(refusal("Pause")).toEqual([null, null]);
  });

  test("cannot act on a server that is not heard, nor on a job that is gone", async () => {
    await show(aJob(), { connection: "offline" });
    expect(refusal("Cancel")).toEqual(["true", "The server cannot be reached."]);
    controls.gone = true;
    await controls.updateComplete;
    expect(refusal("Run again")).toEqual(["true", "This job is not on the server any more."]);
  });

  test("of a lost job cannot act, and say that it is for its program", async () => {
    await show(aJob({ status: "lost", rerunnable: false }));
    expect(refusal("Pause")).toEqual(["true", "Nothing has been heard of its program."]);
    expect(refusal("Run again")).toEqual(["true", "It cannot be run again: its program cannot be reached."]);
    controls.job = aJob({ status: "lost" });
    await controls.updateComplete;
    expect([refusal("Run again")[0], button("Run again").classList.contains("primary")]).toEqual([null, true]);
  });

  test("in a list are icons that are named after the job", async () => {
    await show(aJob(), { compact: true });
    expect([...controls.querySelectorAll("button")].map((each) => each.getAttribute("aria-label"))).toEqual([
      "Pause stdlib-census 7f3a91c2",
      "Cancel stdlib-census 7f3a91c2",
    ]);
  });
});
