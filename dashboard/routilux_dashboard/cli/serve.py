"""`routilux serve`: a standalone server for the given flows and for connected programs."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from ..server.tokens import BadTokens, Tokens
from ..store.retention import Retention
from .jobs import cancel_jobs, end_like_ctrl_c, start_dashboard, store_option
from .keeping import keeping_options
from .targets import BadTarget, load_flow
from .usage import UsageProblem


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@store_option
@keeping_options
@click.option(
    "--tokens",
    "token_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Lines 'name token': programs, and whoever asks from another machine, must show one of them.",
)
@click.option("--mask", multiple=True, metavar="NAME", help="A key whose values are shown and stored nowhere.")
def serve(
    targets: tuple[str, ...],
    host: str,
    port: int,
    store: str | None,
    store_days: float | None,
    store_jobs: int | None,
    store_gigabytes: float | None,
    token_file: Path | None,
    mask: tuple[str, ...],
) -> None:
    """Serve the dashboard until Ctrl-C: take in programs elsewhere, and run jobs of the TARGETs on request.

    A TARGET is package.module:flow or path/file.py:flow (a flow, or a function that makes one). Programs send their
    jobs with connect(url, flow), or routilux run --dashboard URL.
    """
    try:
        flows = [load_flow(target) for target in targets]
        tokens = Tokens.read(token_file) if token_file is not None else None
    except (BadTarget, BadTokens) as error:
        raise UsageProblem(str(error)) from None
    end_like_ctrl_c()
    kept = Retention(store_days, store_jobs, store_gigabytes)
    with start_dashboard(
        *flows, host=host, port=port, store=store, retention=kept, mask=mask, tokens=tokens
    ) as dashboard:
        try:
            click.echo(f"Dashboard: {dashboard.url}")
            click.echo("Press Ctrl-C to stop.")
            threading.Event().wait()
        except KeyboardInterrupt:
            for flow in flows:
                cancel_jobs(flow, by="routilux serve")
