"""What tells running handlers to stop: an event that is true once it is set."""

from __future__ import annotations

import threading


class StopSign(threading.Event):
    """A `threading.Event`, of which `if` asks what `is_set` tells: any other one is always true.

    >>> sign = StopSign()
    >>> before = bool(sign)
    >>> sign.set()
    >>> before, bool(sign)
    (False, True)
    """

    def __bool__(self) -> bool:
        return self.is_set()
