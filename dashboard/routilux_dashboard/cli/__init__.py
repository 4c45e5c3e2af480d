"""The command `routilux`."""

from __future__ import annotations

import click

from .. import __version__
from .demo import demo
from .run import run

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="routilux")
def main() -> None:
    """Run flows, and watch and control their jobs in a browser."""


main.add_command(demo)
main.add_command(run)
