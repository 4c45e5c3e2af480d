// `<copy-button text="…" label="Copy job id">`: puts a text on the clipboard and says so.
import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { LightElement } from "./element.ts";
import { icon } from "./icon.ts";

const SAID_MS = 1500;

@customElement("copy-button")
export class CopyButton extends LightElement {
  @property() text = "";
  @property() label = "Copy";
  @state() private said: "" | "Copied" | "Copying failed" = "";

  private async copy(): Promise<void> {
    this.said = await navigator.clipboard.writeText(this.text).then(
      () => "Copied" as const,
      () => "Copying failed" as const,
    );
    setTimeout(() => (this.said = ""), SAID_MS);
  }

  protected override render() {
    return html`<button
        type="button"
        class="btn compact quiet"
        aria-label=${this.label}
        title=${this.label}
        @click=${this.copy}
      >
        ${icon(this.said === "Copied" ? "check" : "copy")}</button
      ><span class="said" aria-live="polite">${this.said}</span>`;
  }
}
