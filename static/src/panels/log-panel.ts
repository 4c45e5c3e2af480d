// `<log-panel>`: the job's shared log.
import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import type { LogRow } from "../live/protocol.ts";
import type { JobStore } from "../live/store.ts";
import { fullTime, number, timeOfDay } from "../parts/format.ts";
import type { Column } from "../parts/paged-list.ts";
import { preview } from "../parts/preview.ts";
import type { Detail } from "./record-detail.ts";
import { RowsPanel } from "./rows-panel.ts";

@customElement("log-panel")
export class LogPanel extends RowsPanel<LogRow> {
  protected readonly label = "Shared log";
  protected readonly empty = {
    title: "The shared log is empty",
    text: "What routines append to the shared log of their job will be a row here.",
  };
  protected readonly columns: Column<LogRow>[] = [
    { title: "#", name: "n", cell: (row) => number(row.n) },
    {
      title: "Time",
      name: "time",
      cell: ({ timestamp }) =>
        html`<time datetime=${timestamp} title=${fullTime(timestamp)}>${timeOfDay(timestamp, 3)}</time>`,
    },
    {
      title: "Entry",
      name: "data",
      cell: ({ entry, cut }) => html`${preview(withoutTime(entry))}${cut ? html` <em>… cut</em>` : nothing}`,
    },
  ];

  protected async read(after: number, limit: number, signal?: AbortSignal) {
    const { entries, first, total } = await this.needed().log(this.jobId, after, limit, signal);
    return { rows: entries, first, total };
  }

  protected numberOf(row: LogRow): number {
    return row.n;
  }

  protected takeNewest({ state }: JobStore): void {
    if (state) this.source.takeNewest(state.log.rows, state.log.total);
  }

  protected detailOf({ n, timestamp, entry, cut }: LogRow): Detail {
    return { title: `Entry ${number(n)}`, facts: [["Time", fullTime(timestamp)]], data: entry, cut };
  }
}

/** The entry as the row shows it: its time has a column of its own. */
function withoutTime(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== "timestamp"));
}
