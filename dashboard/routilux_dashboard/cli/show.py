"""`routilux show`: print one job in full."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from ..protocol import Control, ErrorReport, Job
from .asking import asks_server, print_json
from .client import ServerClient
from .job_list import took
from .job_names import find_job, path_of
from .moments import point_of
from .output import console, duration, moment, number, print_pairs, print_table, status_of, table_of, text_of
from .plain import plain_lines


@click.command()
@click.argument("job")
@click.option(
    "--at", callback=point_of, metavar="SEQ|TIME",
    help="As it was when it had made that record, or at that time (ISO 8601, or 90s, 10m, 2h ago).",
)  # fmt: skip
@asks_server
def show(client: ServerClient, job: str, at: dict[str, str | None] | None, as_json: bool) -> None:
    """Show JOB (an id, or the beginning of one): status, control, counts, routines, connections, last error."""
    path = path_of(find_job(client, job))
    found = client.get(path) if at is None else client.get(f"{path}/at", at)
    if as_json:
        print_json(found)
    else:
        print_job(console(), client.as_shape(Job, found), then=at is not None)


def print_job(out: Console, job: Job, *, then: bool = False) -> None:
    """Print a job in full; with `then`, as it was at a past moment."""
    print_pairs(out, facts_of(job, then=then))
    out.print()
    print_routines(out, job)
    if job.connections:
        out.print()
        table = table_of(out, "CONNECTION", ">MESSAGES")
        for connection_id, figures in sorted(job.connections.items()):
            table.add_row(text_of(connection_id), number(figures.count))
        print_table(out, table)
    if job.error is not None:
        print_error(out, job.error)


def facts_of(job: Job, *, then: bool = False) -> list[tuple[str, Text | str]]:
    """The facts printed above a job's tables."""
    counts = msgspec.structs.asdict(job.counts)
    given = "" if not job.params else f" with {json.dumps(job.params, ensure_ascii=False)}"
    facts: list[tuple[str, Text | str]] = [
        ("Job", job.job_id),
        ("Flow", job.flow_id),
        ("Status", status_of(job.status)),
        ("Control", asked_of(job.control)),
        ("Created", f"{moment(job.created_at)}, {took(job, then=then)}"),
        ("Ended", moment(job.ended_at)),
        ("Started at", f"{job.entry}{given}" if job.entry is not None else "–"),
        ("Runs at", job.origin),
        ("Counts", ", ".join(f"{number(count)} {name}" for name, count in counts.items())),
        ("Records", number(job.seq)),
    ]
    if job.last_sign is not None:
        facts.insert(3, ("Last sign", moment(job.last_sign)))
    return facts


def asked_of(control: Control) -> str:
    """The job's latest control and its progress, on one line."""
    if control.action is None:
        return "nothing asked"
    by = f" by {control.by}" if control.by else ""
    since = f" at {moment(control.since)}" if control.since else ""
    reason = f": {control.reason}" if control.reason else ""
    waits = f"; {still_running(control)}" if control.waiting_for else ""
    return f"{control.action} {control.state or ''}{by}{since}{reason}{waits}"


def still_running(control: Control) -> str:
    """The handlers that a control waits for."""
    running = [f"{one.routine_id}.{one.slot} ({duration(one.running_ms / 1000)})" for one in control.waiting_for]
    more = f" and {len(running) - 4} more" if len(running) > 4 else ""
    return f"still running: {', '.join(running[:4])}{more}"


def print_routines(out: Console, job: Job) -> None:
    """Print a table of the routines."""
    table = table_of(out, "ROUTINE", "=STATUS", ">DONE", ">ERRORS", ">WAITING", ">RUNNING", ">P50 MS", ">P95 MS")
    for routine_id, figures in sorted(job.routines.items()):
        numbers: list[Any] = [
            figures.done, figures.errors, figures.queued, figures.running, figures.p50_ms, figures.p95_ms,
        ]  # fmt: skip
        table.add_row(text_of(routine_id), status_of(figures.status), *map(number, numbers))
    print_table(out, table)


def print_error(out: Console, error: ErrorReport) -> None:
    """Print the last error, with its traceback."""
    place = f"{error.routine_id}.{error.slot}"
    out.print()
    out.print(text_of(f"Last error, in {place} at {moment(error.timestamp)}:", "bold red"))
    out.print(text_of(f"{error.error_type}: {error.error}"), overflow="fold")
    if error.traceback:
        out.print(Text(plain_lines(error.traceback), "dim"), overflow="fold")
