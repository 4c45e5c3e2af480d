// The mark of the browser's tab: how a job that is not under way stands is seen there too, by shape and colour.
import type { JobStore } from "../live/store.ts";
import mark from "../styles/mark.svg";
import cancelled from "../styles/marks/cancelled.svg";
import completed from "../styles/marks/completed.svg";
import failed from "../styles/marks/failed.svg";
import lost from "../styles/marks/lost.svg";
import paused from "../styles/marks/paused.svg";
import { headline } from "./job-words.ts";

const MARKS: { [tone: string]: string } = { paused, completed, failed, lost, cancelled };

/** Gives the tab its mark; with the store of a job it follows the job. */
export function markTab(store: JobStore | null): void {
  const link = Object.assign(document.createElement("link"), { rel: "icon", type: "image/svg+xml", href: mark });
  document.head.append(link);
  store?.on("change", ({ detail }) => {
    const href = (detail.job && store.state && MARKS[headline(store.state.job).tone]) || mark;
    if (detail.job && link.getAttribute("href") !== href) link.href = href;
  });
}
