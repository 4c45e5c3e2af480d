// What stands beside the pointer over a connection, or over a tile that is too small to say it.
import type { Selection } from "../live/selection.ts";

export class Tip {
  readonly element = document.createElement("div");
  private readonly title = document.createElement("b");
  private readonly text = document.createElement("span");

  constructor() {
    this.element.className = "graph-tip";
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.title, this.text);
    this.hide();
  }

  /** Of a routine it is seen only while that is a tile: a card says all of it. */
  write(kind: Selection["kind"], title: string, text: string): void {
    this.element.dataset["of"] = kind;
    this.title.textContent = title;
    this.text.textContent = text;
    this.element.hidden = false;
  }

  /** Puts the tip near a point of a stage of `width` px, on the side where there is room. */
  moveTo(x: number, y: number, width: number): void {
    this.element.classList.toggle("to-left", x > width - 260);
    this.element.style.transform = `translate(${x}px, ${y}px)`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
