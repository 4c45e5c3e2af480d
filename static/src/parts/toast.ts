// `<toast-list>`: short messages in a corner. Any element sends one with `toast(this, …)`; errors stay until closed.
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { ApiError } from "../live/api.ts";
import { LightElement } from "./element.ts";
import { asSentence } from "./format.ts";
import { icon } from "./icon.ts";

export interface Toast {
  kind: "error" | "note";
  title: string;
  detail: string;
}

const SHOWN_MS = 6000;
const AT_MOST = 4;

/** Shows a message in the page's `<toast-list>`. */
export function toast(from: EventTarget, message: Toast): void {
  from.dispatchEvent(new CustomEvent("toast", { detail: message, bubbles: true, composed: true }));
}

/** Shows what went wrong with a call; `what` is the sentence's start: "Pause was not taken". */
export function toastError(from: EventTarget, what: string, error: unknown): void {
  const detail = asSentence(error instanceof ApiError ? error.detail : String(error));
  toast(from, { kind: "error", title: what, detail });
}

@customElement("toast-list")
export class ToastList extends LightElement {
  @state() private toasts: (Toast & { id: number })[] = [];
  private made = 0;
  private readonly take = (event: Event): void => this.add((event as CustomEvent<Toast>).detail);

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("toast", this.take);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("toast", this.take);
  }

  private add(message: Toast): void {
    const id = ++this.made;
    this.toasts = [...this.toasts, { ...message, id }].slice(-AT_MOST);
    if (message.kind === "note") setTimeout(() => this.close(id), SHOWN_MS);
  }

  private close(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  protected override render() {
    return html`<div class="toasts" role="log" aria-label="Messages" aria-live="assertive">
      ${repeat(
        this.toasts,
        (toast) => toast.id,
        (toast) =>
          html`<div class="toast ${toast.kind}">
            ${icon(toast.kind === "error" ? "warning" : "check")}
            <div><b>${toast.title}</b><span>${toast.detail}</span></div>
            <button
              type="button"
              class="btn compact quiet"
              aria-label="Close message"
              @click=${() => this.close(toast.id)}
            >
              ${icon("x")}
            </button>
          </div>`,
      )}
    </div>`;
  }
}
