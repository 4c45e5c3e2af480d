// What a recording is opened with: the page of a job as always, fed by the data in the file; nothing is asked of anybody.
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/index.css";
import "./styles/recording.css";

import type { Keyframe } from "./live/protocol.ts";
import { JobStore } from "./live/store.ts";
import type { JobPage } from "./panels/job-page.ts";
import "./panels/job-page.ts";
import type { LiveBadge } from "./panels/live-badge.ts";
import "./panels/live-badge.ts";
import { markPage, seqOf } from "./panels/page-marks.ts";
import "./panels/theme-switch.ts";
import "./parts/toast.ts";
import type { About } from "./recording/about.ts";
import { RecordedParts } from "./recording/parts.ts";
import { RecordedReading } from "./recording/recorded-reading.ts";
import type { RecordingNote } from "./recording/recording-note.ts";
import "./recording/recording-note.ts";

/** Shows the moment at which the recording ends. */
async function open(page: JobPage, note: RecordingNote, badge: LiveBadge): Promise<void> {
  const parts = new RecordedParts();
  const about = await parts.one<About>("about");
  if (about.format !== 1) throw new Error(`It has format ${about.format}, and this page knows 1.`);
  const keyframe = await parts.one<Keyframe>("keyframe");
  const totals = { records: keyframe.seq, log: keyframe.log.total, outputs: keyframe.outputs.total };
  const store = new JobStore(about.job_id);
  markPage(store, seqOf(store));
  store.showMoment(keyframe.at);
  Object.assign(page, { jobId: about.job_id, store, reading: new RecordedReading(parts, totals) });
  note.about = about;
  badge.store = store;
  store.takeKeyframe(keyframe);
}

function begin(): void {
  const page = document.querySelector<JobPage>("job-page")!;
  const note = document.querySelector<RecordingNote>("recording-note")!;
  document.body.append(document.createElement("toast-list"));
  open(page, note, document.querySelector<LiveBadge>("live-badge")!).catch((error: unknown) => {
    note.damage = error instanceof Error ? error.message : String(error);
    page.remove();
  });
}

begin();
