// `<data-tree .value=${…}>`: data as a tree that opens and closes; what changed since the last value is lit up.
import { type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { LightElement } from "./element.ts";
import { plainNumber, preview, quoted } from "./preview.ts";

/** Items of one list or object that are shown at once; the rest on request. */
const SHOWN_ITEMS = 100;
/** What changed stays lit for so long. */
const LIT_MS = 1500;
/** Levels that are open at first. */
const OPEN_DEPTH = 2;

type Path = string;

@customElement("data-tree")
export class DataTree extends LightElement {
  @property({ attribute: false }) value: unknown = null;
  /** Something was left out of the value. */
  @property({ type: Boolean }) cut = false;
  /** Light up what differs from the value before. */
  @property({ type: Boolean }) highlight = false;

  private changedPaths = new Set<Path>();
  private fading = 0;
  private readonly closed = new Map<Path, boolean>();
  private readonly more = new Map<Path, number>();

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("value")) return;
    const before = changed.get("value");
    this.changedPaths = this.highlight && this.hasUpdated ? differences(before, this.value) : new Set();
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("value")) return;
    clearTimeout(this.fading);
    if (this.changedPaths.size > 0) this.fading = window.setTimeout(() => this.fade(), LIT_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.fading);
  }

  private fade(): void {
    this.changedPaths = new Set();
    this.requestUpdate();
  }

  protected override render() {
    return html`<div class="tree">
      ${isBranch(this.value) ? this.items(this.value, "", 0) : leaf(this.value, this.changedPaths.has(""))}
      ${this.cut ? html`<div class="cut">… cut: the rest is too large to be shown</div>` : nothing}
    </div>`;
  }

  private items(value: object, path: Path, depth: number): TemplateResult {
    const entries = Object.entries(value);
    const shown = this.more.get(path) ?? SHOWN_ITEMS;
    const rest = entries.length - shown;
    if (entries.length === 0)
      return html`<span class="dim">${Array.isArray(value) ? "empty list" : "nothing in it"}</span>`;
    return html`<ul>
      ${entries.slice(0, shown).map(([key, inner]) => html`<li>${this.item(key, inner, `${path}/${key}`, depth)}</li>`)}
      ${rest > 0 ? this.restOf(path, shown, rest) : nothing}
    </ul>`;
  }

  private restOf(path: Path, shown: number, rest: number): TemplateResult {
    const more = (): void => this.showMore(path, shown);
    return html`<li><button type="button" class="link" @click=${more}>${rest} more</button></li>`;
  }

  private item(key: string, value: unknown, path: Path, depth: number): TemplateResult {
    if (!isBranch(value)) return html`<span class="k">${key}</span>: ${leaf(value, this.changedPaths.has(path))}`;
    const open = !(this.closed.get(path) ?? depth >= OPEN_DEPTH);
    return html`<details ?open=${open} @toggle=${(event: Event) => this.toggled(path, event)}>
      <summary>
        <span class="k">${key}</span>: ${open ? size(value) : html`<span class="dim">${preview(value, 60)}</span>`}
      </summary>
      ${open ? this.items(value, path, depth + 1) : nothing}
    </details>`;
  }

  private toggled(path: Path, event: Event): void {
    event.stopPropagation();
    const closed = !(event.target as HTMLDetailsElement).open;
    if (this.closed.get(path) === closed) return;
    this.closed.set(path, closed);
    this.requestUpdate();
  }

  private showMore(path: Path, shown: number): void {
    this.more.set(path, shown + SHOWN_ITEMS);
    this.requestUpdate();
  }
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function leaf(value: unknown, changed: boolean): TemplateResult {
  const kind = value === null ? "z" : typeof value === "string" ? "s" : "n";
  const text =
    typeof value === "string" ? quoted(value) : typeof value === "number" ? plainNumber(value) : String(value);
  return html`<span class="${kind}${changed ? " chg" : ""}">${text}</span>`;
}

function size(value: object): TemplateResult {
  const items = Object.keys(value).length;
  return html`<span class="dim">${Array.isArray(value) ? `[${items}]` : `{${items}}`}</span>`;
}

/** Paths ("/key/0") of the leaves of `after` that are new or different. Pure. */
export function differences(before: unknown, after: unknown, path: Path = "", found = new Set<Path>()): Set<Path> {
  if (!isBranch(after)) {
    if (before !== after) found.add(path);
    return found;
  }
  const old = isBranch(before) ? (before as { [key: string]: unknown }) : {};
  for (const [key, inner] of Object.entries(after)) differences(old[key], inner, `${path}/${key}`, found);
  return found;
}
