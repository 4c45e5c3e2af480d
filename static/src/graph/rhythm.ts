// How long until the next frame is likely to come, judged by the last ones.
const SHORTEST_MS = 50;
const LONGEST_MS = 500;

export class Rhythm {
  private last = -Infinity;
  private mean = SHORTEST_MS;

  /** A frame came at `now` (ms). Gives the time over which to spread what it brought. */
  beat(now: number): number {
    const gap = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, now - this.last));
    if (this.last > 0) this.mean += (gap - this.mean) / 4;
    this.last = now;
    return this.mean;
  }
}
