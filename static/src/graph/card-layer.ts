// The cards in the page: all of them in a small flow, in a large one those that are seen from near.
import type { FlowDefinition, RoutineDefinition } from "../live/protocol.ts";
import { NO_FIGURES } from "./card-words.ts";
import type { Layout, RoutineBox } from "./layout.ts";
import { RoutineCard } from "./routine-card.ts";
import type { Figures } from "./figures.ts";
import { type Rect, touches } from "./viewport.ts";

export class CardLayer {
  readonly element = document.createElement("div");
  private cards = new Map<string, RoutineCard>();
  private boxes: RoutineBox[] = [];
  private definitions = new Map<string, RoutineDefinition>();
  private selected: string | null = null;
  private all = true;

  constructor(private readonly figures: Figures) {
    this.element.className = "graph-cards";
  }

  /** Takes in a layout of `flow`. With `all`, every routine has a card with its button. */
  setLayout(flow: FlowDefinition, layout: Layout, all: boolean): void {
    this.boxes = layout.routines;
    this.all = all;
    this.definitions = new Map(flow.routines.map((routine) => [routine.routine_id, routine]));
    this.cards.clear();
    this.element.replaceChildren();
    if (all) for (const box of this.boxes) this.add(box);
  }

  /** What does not touch `part` is not drawn: its card is empty, or in a large flow not there. Null: nothing is. */
  see(part: Rect | null): void {
    for (const box of this.boxes) {
      const near = part !== null && touches(box, part);
      const card = this.cards.get(box.id);
      if (this.all) card?.element.classList.toggle("offstage", !near);
      else if (near && !card) this.add(box);
      else if (!near && card) this.remove(box.id);
    }
  }

  update(ids: Iterable<string>, now: number): void {
    for (const id of ids) this.cards.get(id)?.update(this.figures.routine(id) ?? NO_FIGURES, now);
  }

  tick(now: number): void {
    for (const card of this.cards.values()) card.tick(now);
  }

  select(id: string | null): void {
    if (this.selected) this.mark(this.selected, false);
    this.selected = id;
    if (id) this.mark(id, true);
  }

  focus(id: string): void {
    this.cards.get(id)?.control?.focus({ preventScroll: true });
  }

  /** Draws the focus around the card of a routine whose control is in the graph's list. */
  outline(id: string | null): void {
    for (const [other, card] of this.cards) card.element.classList.toggle("focused", other === id);
  }

  private mark(id: string, selected: boolean): void {
    const card = this.cards.get(id);
    if (card) card.selected = selected;
  }

  private add(box: RoutineBox): void {
    const definition = this.definitions.get(box.id);
    if (!definition) return;
    const card = new RoutineCard(definition, this.all);
    this.cards.set(box.id, card);
    card.place(box);
    card.selected = box.id === this.selected;
    card.update(this.figures.routine(box.id) ?? NO_FIGURES, this.figures.now());
    card.tick(this.figures.now());
    this.element.append(card.element);
  }

  private remove(id: string): void {
    this.cards.get(id)?.element.remove();
    this.cards.delete(id);
  }
}
