// `<outputs-panel>`: what routines sent out with `send_output`.
import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import type { OutputRow } from "../live/protocol.ts";
import type { JobStore } from "../live/store.ts";
import { fullTime, number, timeOfDay } from "../parts/format.ts";
import type { Column } from "../parts/paged-list.ts";
import { preview } from "../parts/preview.ts";
import type { Detail } from "./record-detail.ts";
import { RowsPanel } from "./rows-panel.ts";

@customElement("outputs-panel")
export class OutputsPanel extends RowsPanel<OutputRow> {
  protected readonly label = "Outputs";
  protected readonly empty = {
    title: "No output yet",
    text: "What routines send out with send_output will be a row here.",
  };
  protected readonly columns: Column<OutputRow>[] = [
    { title: "#", name: "n", cell: (row) => number(row.n) },
    {
      title: "Time",
      name: "time",
      cell: ({ timestamp }) =>
        html`<time datetime=${timestamp} title=${fullTime(timestamp)}>${timeOfDay(timestamp, 3)}</time>`,
    },
    { title: "Routine", name: "routine", cell: (row) => row.routine_id },
    { title: "Type", name: "event", cell: (row) => row.output_type },
    {
      title: "Data",
      name: "data",
      cell: ({ data, cut }) => html`${preview(data)}${cut ? html` <em>… cut</em>` : nothing}`,
    },
  ];

  protected async read(after: number, limit: number, signal?: AbortSignal) {
    const { outputs, first, total } = await this.needed().outputs(this.jobId, after, limit, signal);
    return { rows: outputs, first, total };
  }

  protected numberOf(row: OutputRow): number {
    return row.n;
  }

  protected takeNewest({ state }: JobStore): void {
    if (state) this.source.takeNewest(state.outputs.rows, state.outputs.total);
  }

  protected detailOf({ n, routine_id, output_type, timestamp, data, cut }: OutputRow): Detail {
    const facts: Detail["facts"] = [
      ["Output", `#${number(n)}`],
      ["Time", fullTime(timestamp)],
    ];
    return { title: `${routine_id} · ${output_type}`, facts, data, cut };
  }
}
