"""`routilux export`: write a job to a file."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from .asking import asks_server, print_json
from .client import Query, ServerClient, ServerError
from .job_names import SHORT, find_job, path_of
from .output import console, text_of
from .part_file import whole_file
from .usage import UsageProblem

FORMATS = ("html", "jsonl")
STDOUT = "-"


@click.command()
@click.argument("job")
@click.option(
    "--format", "form", type=click.Choice(FORMATS),
    help="html: a page that opens without a server; jsonl: lines that another dashboard imports. "
    "Unsaid, what the name of FILE ends with, else html.",
)  # fmt: skip
@click.option(
    "-o", "--output", metavar="FILE",
    help="File or folder to write to; - is stdout.  [default: routilux-JOB.html or .jsonl here]",
)  # fmt: skip
@click.option(
    "--mask", multiple=True, metavar="NAME",
    help="Hide in the file the values of keys with NAME in theirs, such as password; may be repeated.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(1), metavar="BYTES",
    help="How large an html file may be; it says what was left out.  [default: 25,000,000]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@asks_server
def export(
    client: ServerClient,
    job: str,
    form: str | None,
    output: str | None,
    mask: tuple[str, ...],
    limit: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write JOB (an id, or the beginning of one) to a file: its records, outputs, logs and figures.

    The file appears when it is complete. A bar shows how far it is.
    """
    chosen = form or form_of(output)
    if output == STDOUT and as_json:
        raise UsageProblem("--json says on stdout what was written; with -o - the recording goes there")
    if limit is not None and chosen != "html":
        raise UsageProblem("--limit is for html; jsonl is written whole")
    job_id = find_job(client, job)
    query = {"mask": ",".join(mask) or None, "limit": limit}
    if output == STDOUT:
        with disk_problems("stdout"):
            fetch(client, job_id, chosen, query, sys.stdout.buffer)
        return
    path = place_of(output, job_id, chosen)
    with disk_problems(str(path)), whole_file(path, force=force) as file:
        size = fetch(client, job_id, chosen, query, file)
    if as_json:
        print_json({"job_id": job_id, "format": chosen, "path": str(path), "bytes": size})
    else:
        console().print(text_of(f"{path} ({size:,} bytes)"), soft_wrap=True)


def form_of(output: str | None) -> str:
    """The format that a file's name implies.

    >>> form_of("runs/monday.JSONL"), form_of("monday.txt")
    ('jsonl', 'html')
    """
    return "jsonl" if output is not None and output.lower().endswith(".jsonl") else "html"


def place_of(output: str | None, job_id: str, form: str) -> Path:
    """The path of the file to write."""
    name = f"routilux-{re.sub(r'[^A-Za-z0-9_-]', '_', job_id[:SHORT])}.{form}"
    if output is None:
        return Path(name)
    path = Path(output)
    return path / name if path.is_dir() else path


def fetch(client: ServerClient, job_id: str, form: str, query: Query, file: BinaryIO) -> int:
    """Stream the recording into a file; return its size in bytes."""
    with client.stream(f"{path_of(job_id)}/recording.{form}", query) as (length, parts), progress() as bars:
        task = bars.add_task(f"job {job_id[:SHORT]}", total=length)
        size = 0
        for part in parts:
            file.write(part)
            size += len(part)
            bars.update(task, completed=size)
        file.flush()
    return size


def progress() -> Progress:
    """A progress bar on stderr, if that is a terminal."""
    out = console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)


@contextmanager
def disk_problems(place: str) -> Iterator[None]:
    """Report disk errors, such as a full disk, in one line."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise ServerError(f"{place!r} could not be written: {error.strerror or error}") from None
