// Draws the connections, each as its look says.
import type { Curve } from "./curve.ts";
import type { Look, Tone } from "./connection-look.ts";
import type { Palette } from "./palette.ts";
import { Surface } from "./surface.ts";
import { type Rect, type Size, type View, seen, touches } from "./viewport.ts";

/** However far away, a line stays this wide on the screen. */
const THINNEST = 0.7;

const OPACITY: Record<Tone, number> = { idle: 0.42, busy: 0.75, error: 0.8, lit: 1 };

/** From far away, where many lines lie close together, they stand back behind the tiles. */
function fadeAt(scale: number): number {
  return Math.min(1, 0.45 + 2 * scale);
}

/** Later tones are drawn over earlier ones. */
const TONES: Tone[] = ["idle", "busy", "error", "lit"];

interface Line {
  curve: Curve;
  /** Made when it is first drawn. */
  path: Path2D | null;
  bounds: Rect;
  arrow: Arrow | null;
}

/** The middle of a connection that leads back, and the direction it has there. */
export interface Arrow {
  x: number;
  y: number;
  angle: number;
}

export class ConnectionCanvas {
  readonly surface = new Surface("graph-connections");
  private lines: Line[] = [];

  /** Takes in the curves to draw, and for those that get an arrow, where it sits. */
  setCurves(curves: Curve[], arrows: (Arrow | null)[]): void {
    this.lines = curves.map((curve, i) => ({ curve, path: null, bounds: boundsOf(curve), arrow: arrows[i] ?? null }));
  }

  /** Whether connection number `i` can be within `reach` of a point of the graph. */
  mayBeAt(i: number, x: number, y: number, reach: number): boolean {
    const bounds = this.lines[i]?.bounds;
    return !!bounds && touches(bounds, { x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach });
  }

  draw(view: View, room: Size, looks: Look[], palette: Palette): void {
    const context = this.surface.begin();
    if (!context) return;
    context.translate(view.x, view.y);
    context.scale(view.scale, view.scale);
    context.lineCap = "round";
    const part = seen(view, room);
    const fade = fadeAt(view.scale);
    for (const tone of TONES) {
      context.strokeStyle = context.fillStyle = colourOf(tone, palette);
      context.globalAlpha = OPACITY[tone] * (tone === "lit" ? 1 : fade);
      this.drawTone(context, tone, looks, part, view.scale);
    }
  }

  private drawTone(context: CanvasRenderingContext2D, tone: Tone, looks: Look[], part: Rect, scale: number): void {
    this.lines.forEach((line, i) => {
      const look = looks[i];
      if (look?.tone !== tone || !touches(line.bounds, part)) return;
      context.lineWidth = Math.max(look.width, THINNEST / scale);
      context.setLineDash(look.dashed ? [5, 5] : []);
      context.stroke((line.path ??= pathOf(line.curve)));
      if (line.arrow) drawArrow(context, line.arrow);
    });
  }
}

function colourOf(tone: Tone, { line, accent, status }: Palette): string {
  if (tone === "error") return status.failed;
  return tone === "lit" ? accent : line;
}

function pathOf(curve: Curve): Path2D {
  const path = new Path2D();
  path.moveTo(curve[0]!, curve[1]!);
  for (let i = 2; i + 5 < curve.length; i += 6) {
    path.bezierCurveTo(curve[i]!, curve[i + 1]!, curve[i + 2]!, curve[i + 3]!, curve[i + 4]!, curve[i + 5]!);
  }
  return path;
}

/** Of the control points, which a curve never leaves, and half a line's width. */
function boundsOf(curve: Curve): Rect {
  const xs = curve.filter((_, i) => i % 2 === 0);
  const ys = curve.filter((_, i) => i % 2 === 1);
  const [x, y] = [Math.min(...xs) - 2, Math.min(...ys) - 2];
  return { x, y, width: Math.max(...xs) + 2 - x, height: Math.max(...ys) + 2 - y };
}

function drawArrow(context: CanvasRenderingContext2D, { x, y, angle }: Arrow): void {
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.beginPath();
  context.moveTo(5, 0);
  context.lineTo(-4, -4.5);
  context.lineTo(-4, 4.5);
  context.fill();
  context.restore();
}
