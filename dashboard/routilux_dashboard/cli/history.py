"""`routilux history`: print a range of a job's records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec

from ..protocol import OUTCOMES, RECORD_KINDS, Record
from .asking import asks_server, print_json
from .client import Query, ServerClient
from .job_names import find_job, path_of
from .moments import moment_of
from .output import console, local, number, payload_of, print_table, table_of, text_of
from .usage import UsageProblem

PAGE = 1000


class Page(msgspec.Struct):
    """The response to `GET /jobs/{job_id}/history`, with undecoded records."""

    records: list[dict[str, Any]]
    first: int
    last: int
    total: int
    searched_to: int | None = None


@click.command()
@click.argument("job")
@click.option("--after", type=click.IntRange(0), metavar="SEQ", help="Only records after this one.")
@click.option("--before", type=click.IntRange(1), metavar="SEQ", help="Only records before this one; alone: the last.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many records at most.")
@click.option("--routine", metavar="ID", help="Only records of this routine.")
@click.option("--event", metavar="NAME", help="Only records of this event.")
@click.option("--kind", type=click.Choice(RECORD_KINDS), help="Only records of this kind.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only records that led to a handler run that ended so.")
@click.option(
    "--since", callback=moment_of, metavar="TIME", help="Only from this time on: ISO 8601, or 90s, 10m, 2h ago."
)
@click.option("--until", callback=moment_of, metavar="TIME", help="Only up to this time.")
@click.option("-q", "--query", metavar="TEXT", help="Only records with this text in their data.")
@asks_server
def history(
    client: ServerClient,
    job: str,
    after: int | None,
    before: int | None,
    limit: int,
    query: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Print records of JOB (an id, or the beginning of one), oldest first, from the beginning unless told otherwise."""
    wanted = {**filters, "q": query, "after": after, "before": before}
    pages = read(client, f"{path_of(find_job(client, job))}/history", wanted, limit)
    if as_json:
        for page in pages:
            for record in page.records:
                print_json(record)
    else:
        print_pages(client, pages)


def read(client: ServerClient, path: str, query: Query, limit: int) -> Iterator[Page]:
    """Read pages of at most `limit` records in total, in order; with only `before`, the last ones before it."""
    if query["before"] is None or query["after"] is not None:
        yield from follow(client, path, query, limit, "after")
    elif limit > PAGE:
        raise UsageProblem(f"--limit {limit}: with --before alone at most {PAGE} records are read")
    else:
        yield from reversed(list(follow(client, path, query, limit, "before")))


def follow(client: ServerClient, path: str, query: Query, limit: int, way: str) -> Iterator[Page]:
    """Read page after page, forward to the end or, if `way` is "before", back to the beginning."""
    page = None
    while limit > 0:
        asked = min(limit, PAGE)
        with searching(page):
            page = client.get_as(Page, path, {**query, "limit": asked})
        yield page
        limit -= len(page.records)
        if page.searched_to is not None:
            query = {**query, way: page.searched_to}
        elif len(page.records) == asked:
            query = {**query, way: page.records[-1 if way == "after" else 0].get("seq")}
        else:
            return


@contextmanager
def searching(page: Page | None) -> Iterator[None]:
    """On a terminal, show the progress of a search that continues from `page`."""
    if page is None or page.searched_to is None:
        yield
        return
    with console(stderr=True).status(f"searched to {page.searched_to:,} of {page.total:,}"):
        yield


def print_pages(client: ServerClient, pages: Iterator[Page]) -> None:
    """Print a table for each page on stdout, and a summary on stderr."""
    shown = last = 0
    page: Page | None = None
    for page in pages:
        records = [client.as_shape(Record, record) for record in page.records]
        if records:
            print_records(records)
            shown, last = shown + len(records), records[-1].seq
    if page is not None:
        console(stderr=True).print(summed(page, shown, last), style="dim", soft_wrap=True)


def print_records(records: list[Record]) -> None:
    """Print a table of records, one per line."""
    out = console()
    table = table_of(out, ">SEQ", "=TIME", "ROUTINE", "EVENT", ">CAUSE", "…DATA")
    days = {_time(record.timestamp)[:10] for record in records}
    for record in records:
        time = _time(record.timestamp)
        table.add_row(
            str(record.seq),
            text_of(time[11:] if len(days) == 1 else time),
            text_of(record.routine_id),
            text_of(record.event_name),
            number(record.cause),
            payload_of(record.data, record.cut),
        )
    if len(days) == 1:
        table.title = text_of(days.pop(), "dim")
    print_table(out, table)


def summed(page: Page, shown: int, last: int) -> str:
    """Say how many records of the total were shown, and how to continue."""
    kept = f" (those before {page.first:,} are not kept)" if page.first > 1 else ""
    more = f" Go on with --after {last}." if shown and last < page.last else ""
    return f"{shown:,} records of {page.total:,}{kept}.{more}"


def _time(iso: str) -> str:
    try:
        return local(iso).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return iso
