"""What every command says, and how it exits, when it was called wrongly."""

from __future__ import annotations

import click

USAGE = 2


class UsageProblem(click.ClickException):
    """Something that the command was given is wrong: one line on stderr, exit code 2."""

    exit_code = USAGE
