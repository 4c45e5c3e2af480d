"""How smoothly a page runs: what it measures of itself while a test goes on."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

BEGIN = """() => {
  const kept = { frames: [], shown: [], tasks: [], stop: false };
  window.measured = kept;
  let last = performance.now();
  const beat = (now) => {
    kept.frames.push(now - last);
    last = now;
    if (!kept.stop) requestAnimationFrame(beat);
  };
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(beat); });
  let told = performance.now();
  const marks = new MutationObserver(() => { kept.shown.push(performance.now() - told); told = performance.now(); });
  marks.observe(document.documentElement, { attributeFilter: ["data-seq"] });
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) kept.tasks.push(duration); })
    .observe({ type: "longtask" });
}"""

END = """() => {
  const { frames, shown, tasks } = window.measured;
  window.measured.stop = true;
  return [frames, shown, tasks];
}"""


@dataclass(frozen=True)
class Smoothness:
    """In ms: gaps between two animation frames, between two changes of what is shown, and tasks of more than 50 ms."""

    frames: list[float]
    shown: list[float]
    tasks: list[float]

    def __str__(self) -> str:
        longest = f"longest task {max(self.tasks, default=0):.0f} ms"
        return f"frame gap {_spread(self.frames)}; shown anew {_spread(self.shown)}; {longest}"


def measure(page: Page) -> None:
    """Begin to measure; `measured` ends it."""
    page.evaluate(BEGIN)


def measured(page: Page) -> Smoothness:
    """What was measured since `measure`."""
    frames, shown, tasks = page.evaluate(END)
    return Smoothness(frames, shown, tasks)


def _spread(values: list[float]) -> str:
    if not values:
        return "never"
    ordered = sorted(values)
    p50, p99 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.99))
    return f"p50 {p50:.0f}, p99 {p99:.0f}, max {ordered[-1]:.0f} ms ({len(ordered)})"
