"""Options shared by the commands that query a server: `--server` and `--json`."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import Any

import click

from .client import ServerClient, server_url, token_of

HERE = "http://127.0.0.1:5000"

Command = Callable[..., None]


def asks_server(command: Command) -> Command:
    """Add the options `--server` and `--json` to a command, which is called with `client` and `as_json`."""

    @click.option(
        "--server",
        default=HERE,
        envvar="ROUTILUX_SERVER",
        show_default=True,
        show_envvar=True,
        metavar="URL",
        help="The dashboard to ask; a token for it is taken from ROUTILUX_TOKEN.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line, for programs.")
    @functools.wraps(command)
    def asking(server: str, as_json: bool, **others: Any) -> None:
        client = ServerClient(server_url(server), token_of(os.environ.get("ROUTILUX_TOKEN")))
        command(client=client, as_json=as_json, **others)

    return asking


def print_json(value: Any) -> None:
    """Print an object on one line, in ASCII, which survives any terminal or pipe."""
    click.echo(json.dumps(value))
