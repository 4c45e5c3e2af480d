// What stands in place of rows that are on their way.
import { type TemplateResult, html } from "lit";

export function awaitedRows(): TemplateResult {
  return html`<div class="panel-wait" aria-busy="true">${[1, 2, 3, 4, 5].map(() => html`<i class="bone"></i>`)}</div>`;
}
