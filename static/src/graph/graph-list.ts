// The graph in words: every connection, and in a large flow every routine, for keyboard, screen reader and scripts.
import { number } from "../parts/format.ts";
import { NO_FIGURES } from "./card-words.ts";
import type { Figures } from "./figures.ts";
import type { ConnectionRoute, Layout } from "./layout.ts";
import { routineButton, writeFigures, writeName } from "./routine-card.ts";

/** Not seen, but read: a routine's entry is a button in reading order, of which one at a time is a tab stop. */
export class GraphList {
  readonly element = document.createElement("div");
  private readonly routines = new Map<string, HTMLElement>();
  private readonly connections = new Map<string, { element: HTMLElement; route: ConnectionRoute }>();

  /** What has other figures than are heard of it. */
  private readonly unspoken = new Set<string>();

  constructor(private readonly figures: Figures) {
    this.element.className = "graph-list";
  }

  /** With `routines`, the list holds them too; else the cards are their controls. */
  setLayout(layout: Layout, routines: boolean): void {
    this.routines.clear();
    this.connections.clear();
    if (routines) for (const { id } of layout.routines) this.routines.set(id, routineEntry(id));
    for (const route of layout.connections) this.connections.set(route.id, connectionEntry(route));
    const lists = [
      listOf(
        "Connections",
        [...this.connections.values()].map(({ element }) => element),
      ),
    ];
    if (routines) lists.unshift(listOf("Routines", [...this.routines.values()].map(inItem)));
    this.element.replaceChildren(...lists);
    this.moveStop(layout.routines[0]?.id ?? "");
  }

  updateRoutines(ids: Iterable<string>): void {
    for (const id of ids) {
      const entry = this.routines.get(id);
      if (!entry) continue;
      writeFigures(entry, this.figures.routine(id) ?? NO_FIGURES);
      this.unspoken.add(id);
    }
  }

  updateConnections(ids: Iterable<string>): void {
    for (const id of ids) {
      const entry = this.connections.get(id);
      if (!entry) continue;
      entry.element.dataset["count"] = String(this.figures.connection(id)?.count ?? 0);
      this.unspoken.add(id);
    }
  }

  /** Time passed: what is heard catches up with the figures. */
  tick(now: number): void {
    for (const id of this.unspoken) {
      const [routine, connection] = [this.routines.get(id), this.connections.get(id)];
      if (routine) writeName(routine, id, this.figures.routine(id) ?? NO_FIGURES, now);
      if (connection) writeCount(connection.element, connection.route, this.figures.connection(id)?.count ?? 0);
    }
    this.unspoken.clear();
  }

  select(id: string | null): void {
    for (const [other, entry] of this.routines) entry.setAttribute("aria-pressed", String(other === id));
  }

  focus(id: string): void {
    this.moveStop(id);
    this.routines.get(id)?.focus({ preventScroll: true });
  }

  private moveStop(id: string): void {
    for (const [other, entry] of this.routines) entry.tabIndex = other === id ? 0 : -1;
  }
}

function routineEntry(id: string): HTMLElement {
  const entry = routineButton(id);
  entry.tabIndex = -1;
  return entry;
}

function connectionEntry(route: ConnectionRoute): { element: HTMLElement; route: ConnectionRoute } {
  const element = document.createElement("li");
  element.dataset["connection"] = route.id;
  return { element, route };
}

function writeCount(element: HTMLElement, { source, event, target, slot }: ConnectionRoute, count: number): void {
  element.textContent = `${source}.${event} to ${target}.${slot}: ${number(count)}`;
}

function inItem(entry: HTMLElement): HTMLElement {
  const item = document.createElement("li");
  item.append(entry);
  return item;
}

function listOf(name: string, items: HTMLElement[]): HTMLElement {
  const list = document.createElement("ul");
  list.setAttribute("aria-label", name);
  list.append(...items);
  return list;
}
