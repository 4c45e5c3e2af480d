"""Classes, functions and exceptions that documents name."""

from __future__ import annotations

from typing import Any

from routilux import Routine


class Sorter(Routine):
    """Slots `trigger` and `input`, events `out` and `rest`; keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.sort)
        self.define_slot("input", handler=self.sort, merge_strategy="append")
        self.define_event("out", ["data"])
        self.define_event("rest")

    def sort(self, **data: Any) -> None:
        self.emit("out", **data)


class Outer:
    class Inner(Sorter):
        """A class with a qualified name."""


class Needy(Routine):
    """A class that cannot be saved, for it needs arguments."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source


class Unlucky(Routine):
    """A class whose constructor fails."""

    def __init__(self) -> None:
        super().__init__()
        raise OSError("the disk is full")


class Itself(Routine):
    """A class whose constructor calls itself something else (D39)."""

    def __init__(this) -> None:
        super().__init__()
        this.define_slot("trigger", handler=this.nothing)

    def nothing(this) -> None:
        pass


class TooLate(Exception):
    class Much(Exception):
        """An exception with a qualified name."""


def newest(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return new


def is_big(data: Any) -> bool:
    return bool(data > 9)
