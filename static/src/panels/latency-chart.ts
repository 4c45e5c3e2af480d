// The latency histogram as a picture, with marks at p50 and p95.
import { type TemplateResult, html, svg } from "lit";

import type { RoutineFigures } from "../live/protocol.ts";
import { duration } from "../parts/format.ts";
import { type LatencyPicture, barTitle, latencyPicture, latencySentence } from "./latency.ts";

const WIDTH = 308;
const BARS = 66;
const HEIGHT = 96;

/** Labels closer than this would run into each other, and their middles closer than half of it to an end out of sight. */
const LABEL_ROOM = 62;
const [FIRST, LAST] = [LABEL_ROOM / 2 - 3, WIDTH - LABEL_ROOM / 2 + 3];

/** The picture for `figures`; its sentence is its name. */
export function latencyChart(figures: RoutineFigures): TemplateResult {
  const { histogram, p50_ms: p50, p95_ms: p95, min_ms: low, max_ms: high } = figures;
  const picture = latencyPicture(histogram);
  return html`<svg
    class="latency"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label=${latencySentence(picture, p50, p95, high)}
  >
    <line class="base" x1="0" x2=${WIDTH} y1=${BARS + 0.5} y2=${BARS + 0.5} />
    ${bars(picture, p95)} ${marks(picture, p50, p95)}
    <text class="end" x="0" y=${HEIGHT - 3}>${duration(low)}</text>
    <text class="end" x=${WIDTH} y=${HEIGHT - 3} text-anchor="end">${duration(high)}</text>
  </svg>`;
}

function bars({ bars }: LatencyPicture, p95: number | null): TemplateResult[] {
  return bars.map((bar) => {
    const height = Math.max(1.5, bar.height * (BARS - 2));
    const slow = p95 !== null && bar.from > p95;
    return svg`<rect class=${slow ? "bar slow" : "bar"} x=${bar.x * WIDTH + 0.75} y=${BARS - height}
      width=${Math.max(1, bar.width * WIDTH - 1.5)} height=${height} rx="1"><title>${barTitle(bar)}</title></rect>`;
  });
}

/** p50 and p95 at their places; their labels keep apart from each other. */
function marks(picture: LatencyPicture, p50: number | null, p95: number | null): TemplateResult[] {
  if (p50 === null || p95 === null) return [];
  const [x50, x95] = [picture.at(p50) * WIDTH, picture.at(p95) * WIDTH];
  const middle = (x50 + x95) / 2;
  const apart = Math.max(LABEL_ROOM, x95 - x50) / 2;
  const left = Math.min(Math.max(middle - apart, FIRST), LAST - LABEL_ROOM);
  const right = Math.max(Math.min(middle + apart, LAST), left + LABEL_ROOM);
  return [mark("p50", p50, x50, left), mark("p95", p95, x95, right)];
}

function mark(name: string, ms: number, x: number, labelX: number): TemplateResult {
  return svg`<line class="mark" x1=${x} x2=${x} y1="2" y2=${BARS + 4} />
    <text class="mark-name" x=${labelX} y=${BARS + 15} text-anchor="middle">${name} ${duration(ms)}</text>`;
}
