"""Who is told when an event or a slot changes: plans of flows, as weak references that they made themselves.

Each event and slot has a list of them. Any thread may call what is here: the list is only ever changed by steps
that cannot be divided.
"""

from __future__ import annotations

import weakref
from contextlib import suppress
from typing import Protocol, TypeAlias


class Watcher(Protocol):
    """The plan of a flow that an event or slot is part of."""

    def structure_changed(self) -> None:
        """What it knows of the event or slot is not so any more."""


Watchers: TypeAlias = list[weakref.ref[Watcher]]


def add_to(watchers: Watchers, watcher: weakref.ref[Watcher]) -> None:
    """Tell `watcher` from now on; once, however often it is added."""
    if watcher in watchers:
        return
    for known in [known for known in watchers if known() is None]:
        with suppress(ValueError):  # another thread has removed it
            watchers.remove(known)
    watchers.append(watcher)


def tell(watchers: Watchers) -> None:
    """Something has changed."""
    for known in list(watchers):
        watcher = known()
        if watcher is not None:
            watcher.structure_changed()
