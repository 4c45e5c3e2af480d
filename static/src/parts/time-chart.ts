// `<time-chart>`: curves over the time of a job, drawn by uPlot in the page's colours.
import { type PropertyValues, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { LightElement } from "./element.ts";
import { clock } from "./format.ts";

/** One curve: its name, and the CSS variable that has its colour. */
export interface Curve {
  name: string;
  color: string;
}

/** The CSS variable of the colour of curve `index`, from 0; there are eight. */
export function curveColor(index: number): string {
  return `--series-${index + 1}`;
}

const HEIGHT = 148;
/** All charts of a page share one cursor. */
const CURSOR = "charts";

@customElement("time-chart")
export class TimeChart extends LightElement {
  /** Seconds, then values of each curve. */
  @property({ attribute: false }) points: uPlot.AlignedData = [[]];
  @property({ attribute: false, hasChanged: (a, b) => JSON.stringify(a) !== JSON.stringify(b) }) curves: Curve[] = [];
  /** How a value is written. */
  @property({ attribute: false }) write: (value: number) => string = String;
  @property() name = "";
  /** Values are counts: the axis has whole numbers. */
  @property({ type: Boolean }) counts = false;
  /** Bars from the bottom in place of curves. */
  @property({ type: Boolean }) bars = false;

  private plot: uPlot | null = null;
  private readonly sizes = new ResizeObserver(() => this.resize());
  private readonly repaint = (): void => this.build();
  private readonly darkness = matchMedia("(prefers-color-scheme: dark)");

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes.observe(this);
    document.addEventListener("themechange", this.repaint);
    this.darkness.addEventListener("change", this.repaint);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
    document.removeEventListener("themechange", this.repaint);
    this.darkness.removeEventListener("change", this.repaint);
    this.plot?.destroy();
    this.plot = null;
  }

  protected override render() {
    return html`<div class="plot" role="img" aria-label=${this.name}></div>
      <div class="plot-tip num" hidden></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!this.plot || changed.has("curves")) this.build();
    else if (changed.has("points")) this.plot.setData(this.points);
  }

  private resize(): void {
    if (this.plot && this.clientWidth) this.plot.setSize({ width: this.clientWidth, height: HEIGHT });
    else this.build();
  }

  private build(): void {
    if (!this.hasUpdated || !this.clientWidth) return;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(), this.points, this.querySelector<HTMLElement>(".plot") ?? this);
  }

  private options(): uPlot.Options {
    return {
      width: this.clientWidth,
      height: HEIGHT,
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: CURSOR }, y: false, drag: { x: false, y: false }, points: { size: 5 } },
      scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.08)] } },
      axes: this.axes(),
      series: [{}, ...this.curves.map((curve) => this.series(curve))],
      hooks: { setCursor: [(plot) => this.tell(plot)] },
    };
  }

  private series({ name, color }: Curve): uPlot.Series {
    const stroke = this.color(color);
    const soft = this.curves.length === 1 ? { fill: withAlpha(stroke, this.bars ? 0.75 : 0.14) } : {};
    const bars = this.bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.8, 14, 2] }) } : {};
    return { label: name, stroke, width: this.bars ? 0 : 1.5, points: { show: false }, spanGaps: true, ...soft, ...bars };
  }

  private axes(): uPlot.Axis[] {
    const common = {
      stroke: this.color("--ink-3"),
      font: `11px ${getComputedStyle(this).fontFamily}`,
      ticks: { show: false },
      grid: { stroke: this.color("--line-soft"), width: 1 },
    };
    return [
      {
        ...common,
        size: 24,
        values: (_plot, times) => times.map((time) => clock(time * 1000).replace(/^00:/, "")),
        grid: { show: false },
      },
      {
        ...common,
        size: 52,
        splits: (_plot, _axis, low, high) => threeSteps(low, high, this.counts ? 1 : 0),
        values: (_plot, values) => values.map((value) => (value === 0 ? "0" : this.write(value))),
      },
    ];
  }

  /** The value of a colour variable, in words that a canvas understands. */
  private color(variable: string): string {
    this.style.setProperty("outline-color", `var(${variable})`);
    const value = getComputedStyle(this).outlineColor;
    this.style.removeProperty("outline-color");
    return value;
  }

  /** What the curves say where the cursor is; the largest first. */
  private tell(plot: uPlot): void {
    const tip = this.querySelector<HTMLElement>(".plot-tip");
    const { idx, left } = plot.cursor;
    if (!tip) return;
    tip.hidden = idx === null || idx === undefined || left === undefined || left < 0;
    if (tip.hidden || idx === null || idx === undefined) return;
    const time = document.createElement("b");
    time.textContent = clock((plot.data[0][idx] ?? 0) * 1000);
    tip.replaceChildren(time, ...this.lines(plot, idx));
    const room = this.clientWidth - tip.offsetWidth - 4;
    tip.style.left = `${Math.max(0, Math.min(room, (left ?? 0) + plot.over.offsetLeft + 12))}px`;
  }

  private lines(plot: uPlot, index: number): HTMLElement[] {
    const values = this.curves.map((curve, at) => ({ curve, value: plot.data[at + 1]?.[index] ?? null }));
    const told = values.filter(({ value }) => value !== null).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
    return told.map(({ curve, value }) => {
      const line = document.createElement("span");
      line.style.setProperty("--c", `var(${curve.color})`);
      line.append(swatch(), curve.name, " ", emphasised(this.write(value ?? 0)));
      return line;
    });
  }
}

function swatch(): HTMLElement {
  const mark = document.createElement("i");
  mark.className = "swatch";
  return mark;
}

function emphasised(text: string): HTMLElement {
  const strong = document.createElement("em");
  strong.textContent = text;
  return strong;
}

/** "rgb(1, 2, 3)" → "rgb(1 2 3 / 0.14)"; colours written in other ways are mixed by the canvas. */
function withAlpha(color: string, alpha: number): string {
  const numbers = /^rgba?\(([^)]+)\)$/
    .exec(color)?.[1]
    ?.split(/[ ,/]+/)
    .slice(0, 3);
  return numbers ? `rgba(${numbers.join(", ")}, ${alpha})` : color;
}

/** Zero, a round number and its double or triple: enough lines to read a value by; at least `least` apart. Pure. */
export function threeSteps(low: number, high: number, least = 0): number[] {
  const rough = Math.max(least, (high - low) / 3);
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = ([1, 2, 5, 10].find((unit) => unit * power >= rough) ?? 10) * power;
  const steps: number[] = [];
  for (let value = 0; value <= high; value += step) steps.push(Number(value.toPrecision(12)));
  return steps;
}
