// The counts beside the connections.
import { shortNumber } from "../parts/format.ts";
import { errorsOf } from "./connection-look.ts";
import type { Figures } from "./figures.ts";
import type { ConnectionRoute, Layout } from "./layout.ts";
import { type Rect, touches } from "./viewport.ts";

/** Labels of connections that have carried nothing stay hidden. In a large flow only those that are seen exist. */
export class LabelLayer {
  readonly element = document.createElement("div");
  private labels = new Map<string, HTMLElement>();
  private routes = new Map<string, ConnectionRoute>();
  private all = true;

  constructor(private readonly figures: Figures) {
    this.element.className = "graph-labels";
    this.element.setAttribute("aria-hidden", "true");
  }

  setLayout(layout: Layout, all: boolean): void {
    this.routes = new Map(layout.connections.map((route) => [route.id, route]));
    this.all = all;
    this.labels.clear();
    this.element.replaceChildren();
    if (all) for (const route of this.routes.values()) this.add(route);
  }

  see(part: Rect | null): void {
    for (const route of this.routes.values()) {
      const near = part !== null && touches({ ...route.label, width: 0, height: 0 }, part);
      const label = this.labels.get(route.id);
      if (this.all) label?.classList.toggle("offstage", !near);
      else if (near && !label) this.add(route);
      else if (!near && label) {
        label.remove();
        this.labels.delete(route.id);
      }
    }
  }

  update(ids: Iterable<string>): void {
    for (const id of ids) {
      const route = this.routes.get(id);
      if (route) this.write(route);
    }
  }

  private add(route: ConnectionRoute): void {
    const label = document.createElement("span");
    label.className = "graph-label";
    label.classList.toggle("beside", route.label.beside);
    label.dataset["label"] = route.id;
    label.style.left = `${route.label.x}px`;
    label.style.top = `${route.label.y}px`;
    this.labels.set(route.id, label);
    this.write(route);
    this.element.append(label);
  }

  private write(route: ConnectionRoute): void {
    const label = this.labels.get(route.id);
    if (!label) return;
    const count = this.figures.connection(route.id)?.count ?? 0;
    label.classList.toggle("error", errorsOf(this.figures, route) > 0);
    label.hidden = count === 0;
    label.textContent = shortNumber(count);
  }
}
