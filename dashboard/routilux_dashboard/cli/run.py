"""`routilux run`: run one job of a flow; the exit code reports how it ended."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Collection
from typing import Any

import click

from routilux import Flow, JobState

from ..app import Dashboard
from ..flows.arguments import InvalidParameter, check_arguments
from ..flows.describe import describe
from ..forwarding.connection import ServerConnection, connect
from ..protocol import ENDED, SETTLED
from ..sources.local_commands import CannotStart, entry_of
from .jobs import cancel_jobs, end_like_ctrl_c, start_dashboard
from .targets import BadTarget, load_flow
from .usage import UsageProblem

EXIT_CODES = {"completed": 0, "failed": 1, "cancelled": 3}
HERE = "127.0.0.1:5000"
TOKEN = "ROUTILUX_TOKEN"
SEND_SECONDS = 10.0
"""How long the command waits at the end for a remote server to receive the rest of the job."""


@click.command()
@click.argument("target")
@click.option("--entry", metavar="ID", help="Routine to start at; needed when the flow has several entries.")
@click.option("--param", "params", multiple=True, metavar="KEY=JSON", help="A parameter of the entry.")
@click.option(
    "--dashboard",
    is_flag=False,
    flag_value=HERE,
    metavar="[HOST:PORT|URL]",
    help=f"Show it, at {HERE} if unsaid; with a URL, at the server there (its token: ROUTILUX_TOKEN).",
)
@click.option("--store", metavar="PATH|URL|none", help="With --dashboard: where the job is kept.")
@click.option("--mask", multiple=True, metavar="NAME", help="With --dashboard: a key whose values are not shown.")
def run(
    target: str,
    entry: str | None,
    params: tuple[str, ...],
    dashboard: str | None,
    store: str | None,
    mask: tuple[str, ...],
) -> None:
    """Run one job of TARGET, which is package.module:flow or path/file.py:flow (a flow, or a function that makes it).

    Exit code: 0 completed, 1 failed, 2 wrong usage, 3 cancelled.
    """
    show = None if dashboard is None else shower(dashboard, store, mask)
    try:
        flow = load_flow(target)
        point = entry_of(describe(flow), entry)
        wanted = dict(map(parse_param, params))
        check_arguments(wanted, point.parameters)
    except (BadTarget, CannotStart, InvalidParameter) as error:
        raise UsageProblem(str(error)) from None
    end_like_ctrl_c()
    sys.exit(EXIT_CODES.get(run_job(flow, point.routine_id, wanted, show), 1))


Shown = Dashboard | ServerConnection
"""The object that shows a job: this program's own dashboard, or a connection to a remote server."""


def shower(text: str, store: str | None, mask: tuple[str, ...]) -> Callable[[Flow], Shown]:
    """Return a function that starts the dashboard, or the connection, that `--dashboard` names."""
    if "://" in text:
        if store is not None:
            raise UsageProblem("--store is the server's own when --dashboard is a URL: give it to routilux serve")
        return lambda flow: _connect(text, flow, mask)
    host, port = parse_place(text)
    another = f"--dashboard {text.rpartition(':')[0]}:N"
    return lambda flow: start_dashboard(flow, host=host, port=port, other_port=another, store=store, mask=mask)


def run_job(flow: Flow, entry: str, params: dict[str, Any], show: Callable[[Flow], Shown] | None) -> str:
    """Run the flow, shown or not; return the job's final status."""
    if show is None:
        return follow(flow, lambda: flow.start(entry, params), SETTLED)
    with show(flow) as shown:

        def start() -> JobState:
            job_state = flow.start(entry, params)
            click.echo(f"Dashboard: {shown.url_of_job(job_state.job_id)}")
            return job_state

        status = follow(flow, start, ENDED)
        if isinstance(shown, ServerConnection) and not shown.flush(SEND_SECONDS):
            click.echo(f"Not all of it was sent to {shown.url}: {shown.state.reason or 'there was no time'}", err=True)
        return status


def _connect(url: str, flow: Flow, mask: tuple[str, ...]) -> ServerConnection:
    try:
        return connect(url, flow, token=os.environ.get(TOKEN) or None, mask=mask)
    except ValueError as error:
        raise UsageProblem(f"--dashboard: {error}") from None


def follow(flow: Flow, start: Callable[[], JobState], over: Collection[str]) -> str:
    """Wait until the job's status is one of `over`, cancel it on Ctrl-C, and report how it ended."""
    job_state = None
    try:
        job_state = start()
        # This does not poll: changes of the job wake it.
        JobState.wait_until_condition(flow, job_state, lambda _, job: job.status in over, check_interval=60.0)
    except KeyboardInterrupt:
        cancel_jobs(flow, by="routilux run")
    if job_state is None:
        click.echo("The job was cancelled while it started", err=True)
        return "cancelled"
    records = job_state.read_history(limit=0).total
    click.echo(f"Job {job_state.job_id} {job_state.status} ({records:,} records){_why(job_state)}", err=True)
    return job_state.status


def _why(job_state: JobState) -> str:
    if job_state.status == "paused":
        return ": it paused itself, and nobody can resume it here; run it with --dashboard"
    if job_state.status != "failed":
        return ""
    last = job_state.read_history(after=max(job_state.read_history(limit=0).total - 100, 0), limit=100).records
    errors = [record for record in last if record.kind == "error"]
    return f": {errors[-1].routine_id}: {errors[-1].data.get('error')}" if errors else ""


def parse_param(text: str) -> tuple[str, Any]:
    """Parse KEY=JSON into a pair.

    >>> parse_param('depth=3')
    ('depth', 3)
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise UsageProblem(f"--param {text!r}: write KEY=JSON, such as --param depth=3")
    try:
        return name, json.loads(value)
    except ValueError:
        raise UsageProblem(
            f"--param {text!r}: {value!r} is not JSON; text goes in quotes: '{name}=\"{value}\"'"
        ) from None


def parse_place(text: str) -> tuple[str, int]:
    """Parse HOST:PORT into a pair.

    >>> parse_place("[::1]:0")
    ('::1', 0)
    """
    match = re.fullmatch(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\[\]]+):(?P<port>\d{1,5})", text)
    if match is None or int(match["port"]) > 65535:
        raise UsageProblem(f"--dashboard {text!r}: write HOST:PORT, such as --dashboard {HERE}")
    return match["host"].strip("[]"), int(match["port"])
