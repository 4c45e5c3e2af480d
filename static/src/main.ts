// What every page loads: the styles, the elements that the templates compose, and the one place that wires them.
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/index.css";

import { Api } from "./live/api.ts";
import { JobsStore } from "./live/jobs-store.ts";
import { LiveSocket } from "./live/socket.ts";
import { JobStore } from "./live/store.ts";
import type { JobPage } from "./panels/job-page.ts";
import "./panels/job-page.ts";
import { whyStill } from "./panels/job-words.ts";
import type { JobsPage } from "./panels/jobs-page.ts";
import "./panels/jobs-page.ts";
import type { LiveBadge } from "./panels/live-badge.ts";
import "./panels/live-badge.ts";
import { markPage, seqOf } from "./panels/page-marks.ts";
import { markTab } from "./panels/tab-mark.ts";
import "./panels/theme-switch.ts";
import "./parts/toast.ts";

function openJob(page: JobPage, socket: LiveSocket): JobStore {
  const store = new JobStore(page.jobId);
  markPage(store, seqOf(store));
  socket.watchJob(store);
  const api = new Api();
  Object.assign(page, { store, socket, api, reading: api });
  return store;
}

function openJobs(page: JobsPage, socket: LiveSocket): JobsStore {
  const store = new JobsStore();
  markPage(store, () => null);
  socket.watchJobs(store);
  Object.assign(page, { store, socket, api: new Api() });
  return store;
}

/** Connects the page that the template has composed; a page without live content stays without a socket. */
function open(): void {
  const job = document.querySelector<JobPage>("job-page");
  const jobs = document.querySelector<JobsPage>("jobs-page");
  document.body.append(document.createElement("toast-list"));
  if (!job && !jobs) return markTab(null);
  const socket = new LiveSocket();
  const store = job ? openJob(job, socket) : jobs && openJobs(jobs, socket);
  markTab(store instanceof JobStore ? store : null);
  const still = (): string | null => (store instanceof JobStore && store.state ? whyStill(store.state.job) : null);
  for (const badge of document.querySelectorAll<LiveBadge>("live-badge")) Object.assign(badge, { store, still });
  socket.start();
}

open();
