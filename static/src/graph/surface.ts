// A canvas that is as sharp as the screen, drawn in CSS px.
import type { Size } from "./viewport.ts";

export class Surface {
  readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D | null;
  private room: Size = { width: 0, height: 0 };

  constructor(className: string) {
    this.canvas = document.createElement("canvas");
    this.canvas.className = className;
    this.canvas.setAttribute("aria-hidden", "true");
    this.context = this.canvas.getContext("2d");
  }

  resize(room: Size): void {
    this.room = room;
  }

  /** The context, cleared, with CSS px as its unit; null where there is no canvas (in tests). */
  begin(): CanvasRenderingContext2D | null {
    const { canvas, context } = this;
    if (!context) return null;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(this.room.width * ratio), Math.round(this.room.height * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }
}
