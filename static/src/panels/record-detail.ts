// `<record-detail>`: one row of a list opened: its data whole, as a tree, and what led to it.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { LightElement } from "../parts/element.ts";
import { icon } from "../parts/icon.ts";
import "../parts/copy-button.ts";
import "../parts/data-tree.ts";

/** What is shown of a row, whichever list it is of. */
export interface Detail {
  title: string;
  /** Names and values under the title. */
  facts: [string, string | TemplateResult][];
  data: unknown;
  cut: boolean;
}

/** Dispatches `close`. */
@customElement("record-detail")
export class RecordDetail extends LightElement {
  /** Null while it is on its way. */
  @property({ attribute: false }) detail: Detail | null = null;
  @property() label = "Data";

  protected override render() {
    const { detail } = this;
    return html`<section class="detail" aria-label=${this.label}>
      <header>
        <h2>${detail?.title ?? html`<i class="bone"></i>`}</h2>
        ${detail ? html`<copy-button label="Copy data as JSON" .text=${asJson(detail.data)}></copy-button>` : nothing}
        <button type="button" class="btn compact quiet" aria-label="Close" title="Close (Esc)" @click=${this.close}>
          ${icon("x")}
        </button>
      </header>
      <div class="detail-body" tabindex="0" role="group" aria-label="Data of the row">
        ${detail ? this.body(detail) : html`<i class="bone"></i><i class="bone"></i><i class="bone"></i>`}
      </div>
    </section>`;
  }

  private body({ facts, data, cut }: Detail): TemplateResult {
    return html`<dl class="kv">
        ${facts.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
      <data-tree .value=${data} ?cut=${cut}></data-tree>`;
  }

  private close(): void {
    this.dispatchEvent(new Event("close"));
  }
}

function asJson(data: unknown): string {
  return JSON.stringify(data, null, 2) ?? "";
}
