"""Shared by commands that run flows: starting a dashboard, and ending on Ctrl-C."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterable

import click

from routilux import Flow, JobState

from ..app import Dashboard
from ..protocol import ENDED
from ..server.listener import CannotListen
from ..server.tokens import Tokens
from ..store.retention import Retention
from .usage import UsageProblem

CANCEL_SECONDS = 5.0

store_option = click.option(
    "--store",
    metavar="PATH|URL|none",
    help="Where jobs are kept: $ROUTILUX_STORE if unsaid, else a file in the user's data folder.",
)


def start_dashboard(
    *flows: Flow,
    host: str,
    port: int,
    other_port: str = "--port N",
    store: str | None = None,
    retention: Retention | None = None,
    mask: Iterable[str] = (),
    tokens: Tokens | None = None,
) -> Dashboard:
    """Start a dashboard that serves `flows`. Raises `UsageProblem` for a busy port or an unusable store.

    `other_port` is how to choose another port on the caller's command line.
    """
    try:
        return Dashboard(
            *flows, host=host, port=port, store=store, retention=retention, mask=mask, tokens=tokens
        ).start()
    except CannotListen as error:
        hint = f" ({other_port})" if error.errno in (errno.EADDRINUSE, errno.EACCES) else ""
        raise UsageProblem(f"{error.strerror}{hint}") from None
    except ValueError as error:
        raise UsageProblem(str(error)) from None


def end_like_ctrl_c() -> None:
    """Make SIGTERM end the command like Ctrl-C: `make`, containers and supervisors send it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def cancel_jobs(flow: Flow, by: str) -> None:
    """Cancel the flow's jobs and wait briefly for handlers to return."""
    jobs = [job_state for job_state in flow.live_jobs() if job_state.status not in ENDED]
    for job_state in jobs:
        flow.cancel(job_state, reason="the command was ended", by=by, wait=False)
    for job_state in jobs:
        JobState.wait_for_completion(flow, job_state, timeout=CANCEL_SECONDS)
    if any(job_state.status not in ENDED for job_state in jobs):
        click.echo("A handler still runs; the command ends when it returns (Ctrl-C again ends it now).", err=True)
