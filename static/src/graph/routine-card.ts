// A routine's card in the page: built once, after that only what changed is touched.
import type { RoutineDefinition, RoutineFigures } from "../live/protocol.ts";
import { sparkPoints } from "../parts/sparkline.ts";
import { type CardWords, NO_FIGURES, cardWords, spokenCard } from "./card-words.ts";
import type { Port, RoutineBox } from "./layout.ts";

/** Inserts no text of the flow: names and figures are set as text afterwards. */
const BODY = document.createElement("template");
BODY.innerHTML = `<div class="card-head"><b class="card-name"></b><span class="card-status"></span></div>
<div class="card-class"></div>
<div class="card-numbers"><span class="card-done" hidden></span><span class="card-errors" hidden></span><span class="card-queued" hidden></span><span class="card-note" hidden></span><svg class="card-spark" viewBox="0 0 44 16" preserveAspectRatio="none" aria-hidden="true"><polygon class="spark-area"/><polyline class="spark-curve"/></svg></div>
<div class="card-foot"></div>`;

const SPARK = { width: 44, height: 16 };

type Part = "status" | "done" | "errors" | "queued" | "note" | "foot";
const PARTS: Part[] = ["status", "done", "errors", "queued", "note", "foot"];

export class RoutineCard {
  readonly element = document.createElement("div");
  private readonly parts: Record<Part, HTMLElement>;
  private readonly spark: SVGElement;
  private shown: Partial<CardWords> = {};
  private points = "";
  private figures: RoutineFigures = NO_FIGURES;

  /** `accessible`: the card is itself the routine's control; else the graph's list is, and the card only a picture. */
  constructor(
    readonly routine: RoutineDefinition,
    private readonly accessible: boolean,
  ) {
    this.element.className = "flow-card";
    this.element.dataset["card"] = routine.routine_id;
    this.element.append(BODY.content.cloneNode(true));
    this.part("name").textContent = routine.routine_id;
    this.part("name").title = routine.routine_id;
    this.part("class").textContent = routine.class;
    this.parts = Object.fromEntries(PARTS.map((part) => [part, this.part(part)])) as Record<Part, HTMLElement>;
    this.spark = this.element.querySelector(".card-spark")!;
    if (accessible) this.makeControl();
    else this.element.setAttribute("aria-hidden", "true");
  }

  /** Puts the card and its ports where the layout has them. */
  place(box: RoutineBox): void {
    this.element.style.cssText = `left:${box.x}px;top:${box.y}px;width:${box.width}px;height:${box.height}px`;
    for (const port of this.element.querySelectorAll(".port")) port.remove();
    this.element.append(...box.slots.map((port) => portElement("slot", port)));
    this.element.append(...box.events.map((port) => portElement("event", port)));
  }

  /** Shows `figures`; `now` is the server's clock, epoch ms. */
  update(figures: RoutineFigures, now: number): void {
    this.figures = figures;
    this.write(cardWords(figures, now));
    this.drawSpark(figures.activity);
    const { dataset } = this.element;
    if (dataset["status"] !== figures.status) dataset["status"] = figures.status;
    if (this.accessible) writeFigures(this.element, this.routine.routine_id, figures, now);
  }

  /** Time passed: a retry counts down. */
  tick(now: number): void {
    if (this.figures.status === "retry") this.write(cardWords(this.figures, now));
  }

  set selected(selected: boolean) {
    this.element.classList.toggle("selected", selected);
    if (this.accessible) this.element.setAttribute("aria-pressed", String(selected));
  }

  private makeControl(): void {
    this.element.dataset["routine"] = this.routine.routine_id;
    this.element.setAttribute("role", "button");
    this.element.tabIndex = 0;
  }

  private part(name: string): HTMLElement {
    return this.element.querySelector(`.card-${name}`)!;
  }

  private write(words: CardWords): void {
    for (const part of PARTS) {
      const word = words[part];
      if (this.shown[part] === word) continue;
      this.parts[part].textContent = word;
      this.parts[part].hidden = word === "";
    }
    if (this.shown.foot !== words.foot) this.parts.foot.title = words.foot;
    this.shown = words;
  }

  private drawSpark(activity: number[]): void {
    const points = activity.some((runs) => runs > 0) ? sparkPoints(activity, SPARK.width, SPARK.height) : "";
    if (points === this.points) return;
    this.points = points;
    const [area, curve] = this.spark.children;
    curve!.setAttribute("points", points);
    area!.setAttribute("points", points && `0,${SPARK.height} ${points} ${SPARK.width},${SPARK.height}`);
  }
}

/** Writes what scripts and screen readers read of a routine: exact numbers, and a sentence. */
export function writeFigures(element: HTMLElement, id: string, figures: RoutineFigures, now: number): void {
  const { dataset } = element;
  for (const name of ["status", "done", "errors", "queued", "running"] as const) {
    const value = String(figures[name]);
    if (dataset[name] !== value) dataset[name] = value;
  }
  const spoken = spokenCard(id, figures, now);
  if (element.ariaLabel !== spoken) element.ariaLabel = spoken;
}

function portElement(kind: "slot" | "event", { name, offset, side: nameSide }: Port): HTMLElement {
  const port = document.createElement("span");
  port.className = `port ${kind}`;
  port.style.top = `${offset}px`;
  const label = document.createElement("span");
  label.className = `port-name ${nameSide}`;
  label.textContent = name;
  port.append(label);
  return port;
}
