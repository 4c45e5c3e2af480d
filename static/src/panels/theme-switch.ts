// `<theme-switch>`: light, dark, or as the system has it. Kept in a cookie, so that the server's page has it at once.
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";

import { LightElement } from "../parts/element.ts";
import { icon } from "../parts/icon.ts";

type Theme = "system" | "light" | "dark";

const NEXT: { [theme in Theme]: Theme } = { system: "light", light: "dark", dark: "system" };
const WORDS: { [theme in Theme]: string } = { system: "as the system has it", light: "light", dark: "dark" };
const ICONS = { system: "system", light: "sun", dark: "moon" } as const;
const YEAR_S = 31_536_000;

@customElement("theme-switch")
export class ThemeSwitch extends LightElement {
  @state() private theme: Theme = (document.documentElement.dataset["theme"] as Theme | undefined) ?? "system";

  private choose(theme: Theme): void {
    this.theme = theme;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    const age = theme === "system" ? 0 : YEAR_S;
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
    document.dispatchEvent(new Event("themechange"));
  }

  protected override render() {
    const label = `Theme: ${WORDS[this.theme]}`;
    return html`<button
      type="button"
      class="btn compact quiet"
      aria-label=${label}
      title="${label}. Click for ${WORDS[NEXT[this.theme]]}."
      @click=${() => this.choose(NEXT[this.theme])}
    >
      ${icon(ICONS[this.theme])}
    </button>`;
  }
}
