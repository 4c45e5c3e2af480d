// A routine's card in the page: built once, after that only what changed is touched.
import type { RoutineDefinition, RoutineFigures } from "../live/protocol.ts";
import { sparkPoints } from "../parts/sparkline.ts";
import { type CardWords, NO_FIGURES, cardWords, spokenCard } from "./card-words.ts";
import { CARD_WIDTH } from "./card-size.ts";
import type { Port, RoutineBox } from "./layout.ts";

/** The parts of every card; names and figures are set as text afterwards. */
const BODY = document.createElement("template");
BODY.innerHTML = `
  <div class="card-head"><b class="card-name"></b><span class="card-status"></span></div>
  <div class="card-class"></div>
  <div class="card-numbers">
    <span class="card-done" hidden></span>
    <span class="card-errors" hidden></span>
    <span class="card-queued" hidden></span>
    <span class="card-note" hidden></span>
    <svg class="card-spark" viewBox="0 0 44 16" preserveAspectRatio="none">
      <polygon class="spark-area" /><polyline class="spark-curve" />
    </svg>
  </div>
  <div class="card-foot"></div>`;

/** A longer name or foot may be cut; it is shown on hover. */
const FITS = { name: 15, foot: 26 };

const SPARK = { width: 44, height: 16 };

type Part = "status" | "done" | "errors" | "queued" | "note" | "foot";
const PARTS: Part[] = ["status", "done", "errors", "queued", "note", "foot"];

export class RoutineCard {
  readonly element = document.createElement("div");
  readonly control: HTMLElement | null;
  private readonly parts: Record<Part, HTMLElement>;
  private readonly spark: SVGElement;
  private shown: Partial<CardWords> = {};
  private points = "";
  private figures: RoutineFigures = NO_FIGURES;
  private spoken = false;

  /** The routine's button covers the card; without it (`control` false) the graph's list has the button. */
  constructor(
    readonly routine: RoutineDefinition,
    control: boolean,
  ) {
    this.element.className = "flow-card";
    this.element.dataset["card"] = routine.routine_id;
    this.element.append(BODY.content.cloneNode(true));
    writeTitle(this.part("name"), routine.routine_id);
    this.part("class").textContent = routine.class;
    this.parts = Object.fromEntries(PARTS.map((part) => [part, this.part(part)])) as Record<Part, HTMLElement>;
    this.spark = this.element.querySelector(".card-spark")!;
    // The button says all of it in a sentence; the figures by themselves would be read as bare numbers.
    for (const child of this.element.children) child.setAttribute("aria-hidden", "true");
    this.control = control ? routineButton(routine.routine_id) : null;
    if (this.control) this.element.append(this.control);
  }

  /** Puts the card and its ports where the layout has them. */
  place(box: RoutineBox): void {
    this.element.style.cssText = `left:${box.x}px;top:${box.y}px;width:${box.width}px;height:${box.height}px`;
    for (const port of this.element.querySelectorAll(".port")) port.remove();
    this.element.append(...box.slots.map((port) => portElement("slot", port)));
    this.element.append(...box.events.map((port) => portElement("event", port)));
    if (this.control) this.element.append(this.control);
  }

  /** Shows `figures`; `now` is the server's clock, epoch ms. */
  update(figures: RoutineFigures, now: number): void {
    this.figures = figures;
    this.write(cardWords(figures, now));
    this.drawSpark(figures.activity);
    const { dataset } = this.element;
    if (dataset["status"] !== figures.status) dataset["status"] = figures.status;
    if (this.control) writeFigures(this.control, figures);
    this.spoken = false;
  }

  /** Time passed: a retry counts down, and the button's name catches up with the figures. */
  tick(now: number): void {
    if (this.figures.status === "retry") this.write(cardWords(this.figures, now));
    if (this.control && !this.spoken) writeName(this.control, this.routine.routine_id, this.figures, now);
    this.spoken = true;
  }

  set selected(selected: boolean) {
    this.element.classList.toggle("selected", selected);
    this.control?.setAttribute("aria-pressed", String(selected));
  }

  private uncut(foot: string): string {
    const name = this.routine.routine_id;
    return [name.length > FITS.name ? name : "", foot.length > FITS.foot ? foot : ""].filter(Boolean).join("\n");
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
    if (this.control && this.shown.foot !== words.foot) this.control.title = this.uncut(words.foot);
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

/** Writes `id` so that it breaks behind its separators first, and says how large it may be for its longest part. */
function writeTitle(element: HTMLElement, id: string): void {
  const parts = id.split(/(?<=[_\-./ ])/);
  element.append(...parts.flatMap((part) => [part, document.createElement("wbr")]).slice(0, -1));
  const longest = Math.max(...parts.map((part) => part.length));
  element.style.setProperty("--name-size", `${Math.max(24, (CARD_WIDTH - 12) / (longest * 0.62))}px`);
}

/** The button of a routine, by which scripts, keyboard and screen readers know it. */
export function routineButton(id: string): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "routine-control";
  button.dataset["routine"] = id;
  return button;
}

/** Writes what scripts read of a routine: its exact numbers. */
export function writeFigures({ dataset }: HTMLElement, figures: RoutineFigures): void {
  for (const name of ["status", "done", "errors", "queued", "running"] as const) {
    const value = String(figures[name]);
    if (dataset[name] !== value) dataset[name] = value;
  }
}

/** Writes what is heard of a routine: a sentence. Nobody hears twenty of them a second, so this is for every tick. */
export function writeName(element: HTMLElement, id: string, figures: RoutineFigures, now: number): void {
  const spoken = spokenCard(id, figures, now);
  if (element.ariaLabel !== spoken) element.ariaLabel = spoken;
}

function portElement(kind: "slot" | "event", { name, offset, side: nameSide }: Port): HTMLElement {
  const port = document.createElement("span");
  port.className = `port ${kind}`;
  port.setAttribute("aria-hidden", "true");
  port.style.top = `${offset}px`;
  const label = document.createElement("span");
  label.className = `port-name ${nameSide}`;
  label.textContent = name;
  port.append(label);
  return port;
}
