"""The command `routilux`."""

from __future__ import annotations

from importlib import import_module

import click

from ..version import __version__

__all__ = ["main"]

COMMANDS = {
    "demo": ("demo", "demo"),
    "run": ("run", "run"),
    "serve": ("serve", "serve"),
    "jobs": ("job_list", "jobs"),
    "show": ("show", "show"),
    "history": ("history", "history"),
    "pause": ("controls", "pause"),
    "resume": ("controls", "resume"),
    "step": ("controls", "step"),
    "cancel": ("controls", "cancel"),
    "export": ("export", "export"),
    "import": ("import_file", "import_file"),
    "open": ("open_page", "open_page"),
}
"""Each command's module and the name in it, in the order of the help."""


class LazyGroup(click.Group):
    """Imports only the invoked command: querying a server needs no web server, store or demos."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f".{module}", __name__), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="routilux")
def main() -> None:
    """Run flows, and watch and control their jobs in a browser."""
