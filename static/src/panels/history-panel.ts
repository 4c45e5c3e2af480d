// `<history-panel>`: every record of the job's history.
import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import type { JobStore } from "../live/store.ts";
import type { HistoryRecord } from "../live/view.ts";
import { fullTime, number, timeOfDay } from "../parts/format.ts";
import type { Column } from "../parts/paged-list.ts";
import { preview } from "../parts/preview.ts";
import type { Detail } from "./record-detail.ts";
import { RowsPanel } from "./rows-panel.ts";

const KIND_WORDS: { [kind in HistoryRecord["kind"]]: string } = {
  event: "an event",
  start: "the start",
  completed: "a routine completed",
  error: "a handler failed",
  error_continued: "a handler failed, the flow went on",
  retry: "a handler is tried again",
  custom: "recorded by the program",
};

@customElement("history-panel")
export class HistoryPanel extends RowsPanel<HistoryRecord> {
  protected readonly label = "History";
  protected readonly empty = {
    title: "Nothing has happened yet",
    text: "Each emission of an event, each error and retry will be a row here.",
  };
  protected readonly columns: Column<HistoryRecord>[] = [
    { title: "#", name: "n", cell: (record) => number(record.seq) },
    {
      title: "Time",
      name: "time",
      cell: ({ timestamp }) =>
        html`<time datetime=${timestamp} title=${fullTime(timestamp)}>${timeOfDay(timestamp, 3)}</time>`,
    },
    { title: "Routine", name: "routine", cell: (record) => record.routine_id },
    { title: "Event", name: "event", cell: (record) => record.event_name },
    {
      title: "Data",
      name: "data",
      cell: ({ data, cut }) => html`${preview(data)}${cut ? html` <em>… cut</em>` : nothing}`,
    },
    {
      title: "Cause",
      name: "cause",
      cell: ({ cause }) => (cause === null ? nothing : html`<span title="What led to it">${number(cause)}</span>`),
    },
  ];

  protected async read(after: number, limit: number, signal?: AbortSignal) {
    const { records, first, total } = await this.needed().history(this.jobId, after, limit, signal);
    return { rows: records, first, total };
  }

  protected numberOf(record: HistoryRecord): number {
    return record.seq;
  }

  protected takeNewest({ state }: JobStore): void {
    if (state) this.source.takeNewest(state.records, state.seq);
  }

  protected override rowClass({ kind }: HistoryRecord): string {
    return kind;
  }

  protected detailOf({ seq, routine_id, event_name, kind, timestamp, cause, data, cut }: HistoryRecord): Detail {
    const led =
      cause === null
        ? "nothing: it is the beginning"
        : html`<button type="button" class="link num" @click=${() => void this.open(cause)}>#${number(cause)}</button>`;
    return {
      title: `${routine_id}.${event_name}`,
      facts: [
        ["Record", `#${number(seq)}`],
        ["Kind", KIND_WORDS[kind] ?? kind],
        ["Time", fullTime(timestamp)],
        ["Cause", led],
      ],
      data,
      cut,
    };
  }
}
