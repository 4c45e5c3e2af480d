// A row of tabs: arrow keys move, the chosen one is in the tab order. Panels carry `panelId(…)` and role="tabpanel".
import { type TemplateResult, html, nothing } from "lit";

export interface Tab {
  id: string;
  title: string;
  /** Shown small behind the title. */
  count?: string;
  /** What the count counts, on hover. */
  hint?: string;
}

export const tabId = (id: string): string => `tab-${id}`;
export const panelId = (id: string): string => `panel-${id}`;

/** `choose` is called with the id of the tab to be shown. */
export function tabRow(label: string, tabs: Tab[], chosen: string, choose: (id: string) => void): TemplateResult {
  return html`<div
    class="tabs"
    role="tablist"
    aria-label=${label}
    @keydown=${(event: KeyboardEvent) => move(event, tabs, chosen, choose)}
  >
    ${tabs.map((tab) => oneTab(tab, tab.id === chosen, choose))}
  </div>`;
}

function oneTab({ id, title, count, hint }: Tab, chosen: boolean, choose: (id: string) => void): TemplateResult {
  return html`<button
    type="button"
    role="tab"
    id=${tabId(id)}
    aria-selected=${chosen ? "true" : "false"}
    aria-controls=${chosen ? panelId(id) : nothing}
    tabindex=${chosen ? 0 : -1}
    title=${hint ?? nothing}
    @click=${() => choose(id)}
  >
    ${title}${count ? html` <span class="num">${count}</span>` : nothing}
  </button>`;
}

/** Which tab a key leads to, or null when the key means nothing here. Pure. */
export function tabByKey(key: string, tabs: Tab[], chosen: string): string | null {
  const at = tabs.findIndex(({ id }) => id === chosen);
  const targets: { [key: string]: number } = {
    ArrowRight: (at + 1) % tabs.length,
    ArrowLeft: (at - 1 + tabs.length) % tabs.length,
    Home: 0,
    End: tabs.length - 1,
  };
  const target = targets[key];
  return target === undefined ? null : (tabs[target]?.id ?? null);
}

function move(event: KeyboardEvent, tabs: Tab[], chosen: string, choose: (id: string) => void): void {
  const target = tabByKey(event.key, tabs, chosen);
  if (target === null) return;
  event.preventDefault();
  choose(target);
  document.getElementById(tabId(target))?.focus();
}
