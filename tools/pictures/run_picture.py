"""The table of a run's states and events, drawn from `engine/routilux/job/state_machine.py`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from routilux.job.state_machine import EVENTS, SETTLING, STATES, TABLE, Facts, Refusal, RunEvent, decide
from routilux.status import JOB_STATUSES

from .svg import Picture

LEFT, TOP = 136, 64
COLUMN, LINE = 116, 15

STYLE = """
.band { fill: var(--surface-2); }
.settling { fill: var(--accent); fill-opacity: 0.09; }
.rule { stroke: var(--line); stroke-width: 1; fill: none; }
.cell { font-size: 11px; }
.refused { font-size: 11px; fill: var(--failed); }
.stays { font-size: 11px; fill: var(--ink-3); }
"""


def every_facts() -> Iterable[Facts]:
    """Every combination of facts that a decision may depend on."""
    flags = product((False, True), repeat=4)
    return [Facts(status, restored, *more) for more in flags for status in JOB_STATUSES for restored in JOB_STATUSES]


def outcomes(state: str, event: RunEvent) -> list[str]:
    """What an event may do in a state: the states that may follow, `stays` or `refused`; nothing if it can't happen."""
    if (state, event) not in TABLE:
        return []
    decisions = [decide(state, event, facts) for facts in every_facts()]
    targets = ["refused" if isinstance(decision, Refusal) else decision.state for decision in decisions]
    return ["stays" if target == state else target for target in dict.fromkeys(targets)]


def run_picture() -> str:
    """The picture as SVG."""
    cells = {(state, event): outcomes(state, event) for state in STATES for event in EVENTS}
    heights = {state: 12 + LINE * max(1, *(len(cells[state, event]) for event in EVENTS)) for state in STATES}
    width = LEFT + COLUMN * len(EVENTS) + 12
    height = TOP + sum(heights.values()) + 40
    about = "; ".join(f"{state}, {event}: {' or '.join(found)}" for (state, event), found in cells.items() if found)
    picture = Picture(width, height, "What each event does to a run in each state", about)
    picture.style(STYLE.strip())
    picture.text(24, 38, "state of the run", "soft small")
    for place, event in enumerate(EVENTS):
        picture.text(LEFT + COLUMN * (place + 0.5), 38, event, "strong small middle")
    top: float = TOP
    for row, state in enumerate(STATES):
        if state in SETTLING:
            picture.rect(12, top, width - 24, heights[state], "settling", radius=0)
        elif row % 2 == 0:
            picture.rect(12, top, width - 24, heights[state], "band", radius=0)
        picture.text(24, top + LINE + 4, state.replace("_", " "), "strong small")
        for place, event in enumerate(EVENTS):
            for line, found in enumerate(cells[state, event]):
                kind = found if found in ("refused", "stays") else "cell"
                middle = LEFT + COLUMN * (place + 0.5)
                picture.text(middle, top + LINE * (line + 1) + 4, found.replace("_", " "), f"{kind} middle")
        top += heights[state]
    legend = "An empty cell can't happen. While a run settles (tinted rows), commands wait."
    picture.text(24, height - 16, legend, "soft small")
    return picture.document()
