"""The options that set how long the store keeps jobs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..store.retention import Retention

Command = TypeVar("Command", bound=Callable[..., Any])
NO_LIMIT = "none"
_KEPT = Retention()


def keeping_options(command: Command) -> Command:
    """Add `--store-days`, `--store-jobs` and `--store-gigabytes` to a command; `None` means no limit."""
    for name, limit, default, words in (
        ("gigabytes", _number, _KEPT.gigabytes, "What all jobs in the store may take together, about."),
        ("jobs", _whole_number, _KEPT.jobs, "How many jobs the store keeps, the newest."),
        ("days", _number, _KEPT.days, "How long the store keeps a job after it was last written."),
    ):
        command = click.option(
            f"--store-{name}", callback=limit, default=f"{default:g}", show_default=True, metavar="N|none", help=words
        )(command)
    return command


def _number(_context: click.Context, _option: click.Parameter, text: str) -> float | None:
    return None if text == NO_LIMIT else _above_0(text, float, "number")


def _whole_number(_context: click.Context, _option: click.Parameter, text: str) -> float | None:
    return None if text == NO_LIMIT else _above_0(text, int, "whole number")


def _above_0(text: str, kind: Callable[[str], float], words: str) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise click.BadParameter(f"{text!r}: a {words} above 0 is needed, or {NO_LIMIT!r} for no limit")
    return number
