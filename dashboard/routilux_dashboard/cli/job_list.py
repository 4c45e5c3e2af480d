"""`routilux jobs`: list a server's jobs, newest first."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from ..protocol import JOB_STATUSES, JobSummary
from .asking import asks_server, print_json
from .client import ServerClient
from .job_names import SHORT, RawJobsPage, list_jobs
from .output import console, duration, local, number, print_table, status_of, table_of, text_of, when

_WIDE = 120
"""Terminal width from which the table shows where a job runs."""


@click.command()
@click.option(
    "--status", type=click.Choice(JOB_STATUSES), multiple=True, help="Only jobs of this status; may be repeated."
)
@click.option("--flow", metavar="ID", help="Only jobs of this flow.")
@click.option("-q", "--query", metavar="TEXT", help="Only jobs with this in their id, flow or error.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many jobs, the newest."
)
@asks_server
def jobs(
    client: ServerClient, status: tuple[str, ...], flow: str | None, query: str | None, limit: int, as_json: bool
) -> None:
    """List the jobs of a server, newest first, with as much of their ids as other commands need."""
    found = list_jobs(client, {"status": ",".join(status) or None, "flow": flow, "q": query}, limit)
    if as_json:
        for job in found.jobs:
            print_json(job)
    else:
        show(found, [client.as_shape(JobSummary, job) for job in found.jobs])


def show(page: RawJobsPage, rows: list[JobSummary]) -> None:
    """Print a table of jobs on stdout, and their number on stderr."""
    out = console()
    if rows:
        wide = out.width >= _WIDE
        columns = ["=JOB", "=STATUS", "FLOW", "=CREATED", ">TOOK", ">EVENTS", ">ERRORS", ">WAITING"]
        table = table_of(out, *columns, *(["RUNS AT"] if wide else []))
        short = shortened([job.job_id for job in rows])
        for job in rows:
            cells = [
                text_of(short[job.job_id]),
                status_of(job.status),
                text_of(job.flow_id),
                text_of(when(job.created_at)),
                text_of(took(job)),
                *(text_of(number(figure)) for figure in (job.counts.events, job.counts.errors, job.counts.queued)),
            ]
            table.add_row(*cells, *([text_of(job.origin)] if wide else []))
        print_table(out, table)
    console(stderr=True).print(summed(page, len(rows)), style="dim", soft_wrap=True)


def summed(page: RawJobsPage, shown: int) -> str:
    """Say how many jobs have each status, and whether all of them are shown."""
    known = ", ".join(f"{count:,} {status}" for status, count in page.counts.items() if count)
    more = f"The newest {shown:,} are shown; --limit shows more. " if page.next is not None else ""
    return f"{more}Jobs: {known or 'none'}."


def shortened(job_ids: list[str]) -> dict[str, str]:
    """Shorten ids to a common length at which they are still distinct.

    >>> shortened(["0123456789", "0123456799", "abcdefghij"])
    {'0123456789': '012345678', '0123456799': '012345679', 'abcdefghij': 'abcdefghi'}
    """
    length = SHORT
    while length < max(map(len, job_ids), default=0) and len({job_id[:length] for job_id in job_ids}) < len(job_ids):
        length += 1
    return {job_id: job_id[:length] for job_id in job_ids}


def took(job: JobSummary, *, then: bool = False) -> str:
    """How long the job has been running, or ran; with `then`, up to the past moment shown."""
    until = job.ended_at or job.last_sign or (job.updated_at if then else None)
    try:
        end = datetime.now(UTC) if until is None else local(until)
        return duration((end - local(job.created_at)).total_seconds())
    except (ValueError, OverflowError, OSError):
        return "–"
