"""Looks for violations of accessibility rules in a page, with axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """One entry for each element that breaks a rule: which rule, what to do, which element; empty when all is well.

    `rules` are axe-core's tags. The script is run by the debugger, past the page's Content-Security-Policy.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8") + "\n;undefined")
    options = {"runOnly": {"type": "tag", "values": rules or RULES}, "resultTypes": ["violations"]}
    found: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{violation['id']} ({violation['impact']}): {node['failureSummary']} — {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


SETTLED = """() => Promise.all(document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
  .map((animation) => animation.finished.catch(() => {}))).then(() => {})"""


def is_sound(page: Page, what: str) -> None:
    """Once what fades in has done so, no rule is broken, and nothing is wider than the window."""
    page.evaluate(SETTLED)
    found = axe(page)
    assert not found, "\n".join([what, *found])
    width, window = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width <= window, f"{what}: {width} px in a window of {window}"
