// Which dots travel along which connection at a moment. Each stands for messages that were really sent. Pure.

/** A dot on the connection number `route`, under way from `start` to `end` (ms of the animation's clock). */
export interface Pulse {
  route: number;
  start: number;
  end: number;
}

export const MOST_ALIVE = 300;
export const MOST_AT_ONCE = 6;

/** Dots of one connection start at least so long after one another, ms, and so far apart: a stream, not a bar. */
const APART = { ms: 70, px: 15 };

/** At most `MOST_ALIVE` dots, those that wait for their start among them; what is over the bound is not shown. */
export class Pulses {
  private pulses: Pulse[] = [];
  private readonly lastStart = new Map<number, number>();

  get size(): number {
    return this.pulses.length;
  }

  /** `count` messages were sent along `route`, `length` px long at `scale`; shows them over the next `span` ms. */
  emit(route: number, length: number, scale: number, count: number, now: number, span: number): void {
    const apart = Math.max(APART.ms, (travelTime(length) * APART.px) / (length * scale || 1));
    const shown = Math.min(count, MOST_AT_ONCE, MOST_ALIVE - this.pulses.length);
    for (let i = 0; i < shown; i++) {
      const earliest = (this.lastStart.get(route) ?? -Infinity) + apart;
      const start = Math.max(now + (span * i) / shown, earliest);
      if (start > now + span) return;
      this.lastStart.set(route, start);
      this.pulses.push({ route, start, end: start + travelTime(length) });
    }
  }

  /** Forgets what has arrived by `now` and gives what is under way or will start. */
  at(now: number): readonly Pulse[] {
    this.pulses = this.pulses.filter((pulse) => pulse.end > now);
    return this.pulses;
  }

  clear(): void {
    this.pulses = [];
    this.lastStart.clear();
  }
}

/** Long ways take longer, but not in proportion: nobody waits for a dot. */
export function travelTime(length: number): number {
  return Math.min(1500, 380 + length * 1.5);
}
