// `<spark-line .values=${[1, 4, 2]}>`: a small curve of the last seconds, in the colour of the text around it.
import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";

import { LightElement } from "./element.ts";

const PAD = 1.5;

/** Points "x,y x,y …" of a curve through `values` in a box of `width` × `height`, the highest at its top. Pure. */
export function sparkPoints(values: readonly number[], width: number, height: number): string {
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const y = (value: number): number => height - PAD - (value / top) * (height - 2 * PAD);
  return values.map((value, index) => `${round(index * step)},${round(y(value))}`).join(" ");
}

/** Bars, one for each value, as [x, y, width, height]; what is not nothing is at least a pixel high. Pure. */
export function sparkBars(
  values: readonly number[],
  width: number,
  height: number,
): [number, number, number, number][] {
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length);
  return values.map((value, index) => {
    const size = value > 0 ? Math.max(1.5, (value / top) * height) : 0.75;
    return [round(index * step), round(height - size), round(Math.max(1, step - 1)), round(size)];
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;

function sameNumbers(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return a === b || (a?.length === b?.length && !!a && a.every((value, index) => value === b?.[index]));
}

/** Decoration: the same figures stand beside it as text. `label` gives it a name of its own where they do not. */
@customElement("spark-line")
export class SparkLine extends LightElement {
  @property({ attribute: false, hasChanged: (a: number[], b: number[]) => !sameNumbers(a, b) })
  values: readonly number[] = [];
  @property({ type: Number }) width = 90;
  @property({ type: Number }) height = 18;
  @property() kind: "line" | "bars" = "line";
  @property() label = "";

  protected override render() {
    const { width, height } = this;
    const shape = this.kind === "bars" ? this.bars() : this.line();
    return html`<svg
      width=${width}
      height=${height}
      viewBox="0 0 ${width} ${height}"
      aria-hidden=${this.label ? nothing : "true"}
      role=${this.label ? "img" : nothing}
      aria-label=${this.label || nothing}
    >
      ${shape}
    </svg>`;
  }

  private line() {
    if (!this.values.some((value) => value > 0)) return svg`<path class="spark-rest" d=${this.restLine()} />`;
    const points = sparkPoints(this.values, this.width, this.height);
    return svg`<polygon class="spark-area" points="0,${this.height} ${points} ${this.width},${this.height}" />
      <polyline class="spark-curve" points=${points} />`;
  }

  private bars() {
    return sparkBars(this.values, this.width, this.height).map(
      ([x, y, width, height]) =>
        svg`<rect class="spark-bar" x=${x} y=${y} width=${width} height=${height} rx="0.75" />`,
    );
  }

  private restLine(): string {
    return `M0,${this.height - PAD} H${this.width}`;
  }
}
