// Marks on <html> that scripts and styles rely on: data-live says how fresh the page is, data-seq how far it shows.
import type { JobStore } from "../live/store.ts";
import type { WatchedStore } from "../live/watched.ts";

/** Both marks change once what they speak of is on the page; losing the line is told at once. */
export function markPage(store: WatchedStore<unknown>, seq: () => number | null): void {
  const { dataset } = document.documentElement;
  const mark = (): void => {
    dataset["live"] = store.connection;
    const shown = seq();
    if (shown !== null) dataset["seq"] = String(shown);
  };
  store.addEventListener("change", () => requestAnimationFrame(mark));
  store.addEventListener("connectionchange", () =>
    store.connection === "live" ? requestAnimationFrame(mark) : mark(),
  );
}

export function seqOf(store: JobStore): () => number | null {
  return () => store.state?.seq ?? null;
}
