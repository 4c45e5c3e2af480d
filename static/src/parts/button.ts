// Buttons that say why they cannot act, and that they are waiting for an answer.
import { type TemplateResult, html, nothing } from "lit";
import { classMap } from "lit/directives/class-map.js";
import { ifDefined } from "lit/directives/if-defined.js";

import { type IconName, icon } from "./icon.ts";

export interface ButtonLook {
  /** The accessible name and the text. */
  name: string;
  icon?: IconName;
  /** What is seen in place of the name, which stays what it is for tools and screen readers. */
  seen?: string;
  kind?: "primary" | "danger" | "plain";
  /** Why the button cannot act; null or absent: it can. */
  refusal?: string | null | undefined;
  /** What it does, on hover, when it can act. */
  hint?: string;
  /** Asked, not yet answered. */
  busy?: boolean;
  /** A key that does the same, as shown, and as ARIA writes it. */
  shortcut?: string | undefined;
  /** The icon alone is shown. */
  compact?: boolean;
}

/** A button that cannot act stays reachable by keyboard, so that its reason can be read; it does nothing. */
export function button(look: ButtonLook, act: () => void): TemplateResult {
  const { name, kind = "plain", refusal, busy = false, compact = false, shortcut } = look;
  const seen = busy ? "asking…" : look.seen;
  const blocked = Boolean(refusal) || busy;
  const classes = { btn: true, primary: kind === "primary", danger: kind === "danger", compact, busy };
  return html`<button
    type="button"
    class=${classMap(classes)}
    aria-label=${name}
    aria-disabled=${blocked ? "true" : nothing}
    aria-busy=${busy ? "true" : nothing}
    aria-description=${ifDefined(refusal ?? undefined)}
    aria-keyshortcuts=${ifDefined(shortcut)}
    title=${refusal ?? look.hint ?? (compact ? name : nothing)}
    @click=${(event: Event) => {
      event.preventDefault();
      if (!blocked) act();
    }}
  >
    ${look.icon ? icon(look.icon) : nothing}
    ${compact ? nothing : html`<span class="label" data-seen=${ifDefined(seen)}>${name}</span>`}
    ${shortcut && !compact ? html`<kbd aria-hidden="true" data-key=${shortcut}></kbd>` : nothing}
  </button>`;
}
