// When to show: at most once per animation frame, and not at all while nobody can see the page.

/** Calls `show` before the next paint; in a hidden tab, when it is looked at again. */
export function beforePaint(show: () => void): void {
  if (document.hidden) document.addEventListener("visibilitychange", show, { once: true });
  else requestAnimationFrame(show);
}
