// `<confirm-dialog>`: asks before something that cannot be taken back; a reason can be given.
import { html, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { LightElement } from "./element.ts";

export interface Question {
  title: string;
  text: string;
  /** The button that does it, and the one that does not. */
  yes: string;
  no: string;
}

/** Asks in the page's dialog: the reason that was given (it may be empty), or null: do nothing. */
export async function confirm(question: Question): Promise<string | null> {
  const known = document.querySelector<ConfirmDialog>("confirm-dialog");
  const dialog = known ?? document.body.appendChild(document.createElement("confirm-dialog") as ConfirmDialog);
  return dialog.ask(question);
}

@customElement("confirm-dialog")
export class ConfirmDialog extends LightElement {
  @state() private question: Question | null = null;
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("input") private reason!: HTMLInputElement;
  private answer: (reason: string | null) => void = () => {};

  async ask(question: Question): Promise<string | null> {
    this.answer(null);
    this.question = question;
    await this.updateComplete;
    this.reason.value = "";
    this.dialog.returnValue = "";
    this.dialog.showModal();
    return new Promise((resolve) => (this.answer = resolve));
  }

  private closed(): void {
    this.answer(this.dialog.returnValue === "yes" ? this.reason.value.trim() : null);
    this.answer = () => {};
  }

  protected override render() {
    const { question } = this;
    return html`<dialog class="dialog" aria-labelledby="confirm-title" @close=${this.closed}>
      ${
        question === null
          ? nothing
          : html`<form method="dialog">
              <h2 id="confirm-title">${question.title}</h2>
              <p>${question.text}</p>
              <label>
                <span>Reason <span class="dim">(optional, kept with the job)</span></span>
                <input name="reason" maxlength="500" autocomplete="off" autofocus />
              </label>
              <div class="dialog-actions">
                <button class="btn" type="button" @click=${() => this.dialog.close("no")}>${question.no}</button>
                <button class="btn danger solid" type="submit" value="yes">${question.yes}</button>
              </div>
            </form>`
      }
    </dialog>`;
  }
}
