// `<ui-icon name="pause">`: one icon of Lucide, drawn with the colour of the text around it.
import arrowDown from "lucide-static/icons/arrow-down.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import chevron from "lucide-static/icons/chevron-right.svg?raw";
import ban from "lucide-static/icons/circle-x.svg?raw";
import contrast from "lucide-static/icons/contrast.svg?raw";
import copy from "lucide-static/icons/copy.svg?raw";
import inbox from "lucide-static/icons/inbox.svg?raw";
import moon from "lucide-static/icons/moon.svg?raw";
import pause from "lucide-static/icons/pause.svg?raw";
import play from "lucide-static/icons/play.svg?raw";
import rotate from "lucide-static/icons/rotate-cw.svg?raw";
import sun from "lucide-static/icons/sun.svg?raw";
import warning from "lucide-static/icons/triangle-alert.svg?raw";
import plugOff from "lucide-static/icons/unplug.svg?raw";
import x from "lucide-static/icons/x.svg?raw";

import type { TemplateResult } from "lit";
import { html } from "lit";

/** Names to Lucide's own source text; nothing else is ever parsed as markup. */
const SOURCES = {
  "arrow-down": arrowDown,
  cancel: ban,
  check,
  chevron,
  copy,
  inbox,
  moon,
  offline: plugOff,
  pause,
  play,
  rotate,
  sun,
  system: contrast,
  warning,
  x,
};

export type IconName = keyof typeof SOURCES;

export class UiIcon extends HTMLElement {
  static readonly observedAttributes = ["name"];

  attributeChangedCallback(_attribute: string, _before: string | null, name: string): void {
    const drawing = DRAWINGS.get(name);
    this.ariaHidden = "true";
    this.replaceChildren(...(drawing ? [drawing.cloneNode(true)] : []));
  }
}

function drawn(source: string): Node {
  const svg = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  return document.importNode(svg, true);
}

/** Parsed once; each icon is a copy. */
const DRAWINGS: ReadonlyMap<string, Node> = new Map(
  Object.entries(SOURCES).map(([name, source]) => [name, drawn(source)]),
);

customElements.define("ui-icon", UiIcon);

export function icon(name: IconName): TemplateResult {
  return html`<ui-icon name=${name}></ui-icon>`;
}
