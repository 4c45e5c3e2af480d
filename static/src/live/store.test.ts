import { beforeEach, describe, expect, test, vi } from "vitest";

import { aFrame, aJob, aKeyframe, heardNow, someJobs } from "./examples.ts";
import { JobsStore, foldJobs } from "./jobs-store.ts";
import { JobStore } from "./store.ts";

describe("the store of a job", () => {
  let shows: (() => void)[];
  let store: JobStore;
  const show = (): void => shows.splice(0).forEach((each) => each());

  beforeEach(() => {
    history.replaceState(null, "", "/jobs/7f3a91c2-0000");
    shows = [];
    store = new JobStore("7f3a91c2-0000", (each) => shows.push(each));
  });

  test("tells once a paint of all that came until then", () => {
    const told = vi.fn();
    store.on("change", ({ detail }) => told(detail.records));
    store.takeKeyframe(aKeyframe({ seq: 3 }));
    store.takeFrame(aFrame({ frame: 2, seq: 5 }));
    expect(told).not.toHaveBeenCalled();
    show();
    expect(told.mock.calls).toEqual([[5]]);
  });

  test("takes no frame but the next one", () => {
    expect(store.takeFrame(aFrame({ frame: 2 }))).toBe(false);
    store.takeKeyframe(aKeyframe({ frame: 1, seq: 3 }));
    expect(store.takeFrame(aFrame({ frame: 3, seq: 9 }))).toBe(false);
    expect(store.state?.seq).toBe(3);
  });

  test("is live only on a good line and when everything has come", () => {
    expect(store.connection).toBe("offline");
    store.takeHeard(heardNow());
    expect(store.connection).toBe("stale");
    store.takeKeyframe(aKeyframe());
    expect(store.connection).toBe("live");
    store.takeGap();
    expect(store.connection).toBe("stale");
    store.takeKeyframe(aKeyframe({ frame: 9 }));
    expect(store.connection).toBe("live");
  });

  test("has to come whole again after the line was lost", () => {
    store.takeHeard(heardNow());
    store.takeKeyframe(aKeyframe());
    store.takeHeard(heardNow({ connected: false }));
    expect(store.connection).toBe("offline");
    store.takeHeard(heardNow());
    expect(store.connection).toBe("stale");
  });

  test("lets its clock stand still while it is not live", () => {
    vi.useFakeTimers({ now: 50_000 });
    try {
      store.takeHeard(heardNow({ offset: 1000 }));
      store.takeKeyframe(aKeyframe());
      vi.setSystemTime(52_000);
      expect(store.now()).toBe(53_000);
      store.takeHeard(heardNow({ connected: false, heardAt: 51_500, offset: 1000 }));
      vi.setSystemTime(90_000);
      expect(store.now()).toBe(52_500);
    } finally {
      vi.useRealTimers();
    }
  });

  test("keeps the last picture when the server does not know the job any more, and is stale", () => {
    store.takeHeard(heardNow());
    store.takeKeyframe(aKeyframe({ seq: 4 }));
    store.takeProblem({ status: 404, title: "Unknown job", detail: "…" });
    expect([store.connection, store.state?.seq]).toEqual(["stale", 4]);
  });

  test("reads its selection from the address and writes it there", () => {
    history.replaceState(null, "", "/jobs/7f3a91c2-0000?tab=log&routine=parser");
    const opened = new JobStore("7f3a91c2-0000");
    expect(opened.selection).toEqual({ kind: "routine", id: "parser" });
    const told = vi.fn();
    opened.on("selectionchange", ({ detail }) => told(detail));
    opened.select({ kind: "connection", id: "a.x->b.y" });
    opened.select({ kind: "connection", id: "a.x->b.y" });
    expect(new URLSearchParams(location.search).get("connection")).toBe("a.x->b.y");
    expect(new URLSearchParams(location.search).get("routine")).toBeNull();
    expect(new URLSearchParams(location.search).get("tab")).toBe("log");
    opened.select(null);
    expect([location.search, told.mock.calls.length]).toEqual(["?tab=log", 2]);
  });

  test("drops a selection that the flow does not have: nothing of it could be shown", () => {
    history.replaceState(null, "", "/jobs/7f3a91c2-0000?routine=nobody&tab=log");
    const opened = new JobStore("7f3a91c2-0000");
    opened.takeKeyframe(aKeyframe());
    expect([opened.selection, location.search]).toEqual([null, "?tab=log"]);
  });
});

describe("the list of jobs", () => {
  const first = aJob({ job_id: "1", created_at: "2026-03-02T12:00:00+00:00" });
  const second = aJob({ job_id: "2", created_at: "2026-03-02T12:00:01+00:00" });

  test("puts new jobs first and lets known ones stay where they are", () => {
    const before = foldJobs(null, someJobs({ jobs: [first] }));
    const after = foldJobs(before, someJobs({ full: false, jobs: [{ ...first, status: "paused" }, second] }));
    expect([...(after?.jobs.keys() ?? [])]).toEqual(["2", "1"]);
    expect(after?.jobs.get("1")?.status).toBe("paused");
    expect(before?.jobs.get("1")?.status).toBe("running");
  });

  test("puts a job that was imported among those of its time", () => {
    const third = aJob({ job_id: "3", created_at: "2026-03-02T12:00:02+00:00" });
    const before = foldJobs(null, someJobs({ jobs: [third, first] }));
    const after = foldJobs(before, someJobs({ full: false, jobs: [second] }));
    expect([...(after?.jobs.keys() ?? [])]).toEqual(["3", "2", "1"]);
  });

  test("drops what was removed", () => {
    const before = foldJobs(null, someJobs({ jobs: [second, first] }));
    expect([...(foldJobs(before, someJobs({ full: false, removed: ["2"] }))?.jobs.keys() ?? [])]).toEqual(["1"]);
  });

  test("cannot begin with changes only", () => {
    const store = new JobsStore(() => {});
    expect(store.takeJobs(someJobs({ full: false, jobs: [first] }))).toBe(false);
    expect(store.takeJobs(someJobs({ jobs: [first] }))).toBe(true);
  });
});
