"""The error and exit code for an incorrect command line."""

from __future__ import annotations

import click

USAGE = 2


class UsageProblem(click.ClickException):
    """The command line is invalid: one line on stderr, exit code 2."""

    exit_code = USAGE
