"""`routilux import`: import a recording into a server's store."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from ..protocol import JobSummary
from .asking import asks_server, print_json
from .client import ServerClient, ServerError, in_path
from .export import STDOUT, progress
from .output import console, text_of
from .usage import UsageProblem

MEDIA = "application/x-ndjson"
IMPORT_SECONDS = 1900.0
"""How long a server may take to import a recording after receiving it; the server itself gives up a little earlier."""
CREATED = 201


@click.command("import")
@click.argument("file", metavar="FILE")
@asks_server
def import_file(client: ServerClient, file: str, as_json: bool) -> None:
    """Take FILE, a recording as export --format jsonl writes it, into the server's store; - is stdin.

    The job is there as it was at its source. One that is there already, and is the very same, stays as it is. A bar
    shows how far it is.
    """
    with _opened(file) as source, progress() as bars:
        client.get("/jobs", {"limit": 1})  # fail on a missing token before sending much
        sent = _Watched(source, file)
        task = bars.add_task("sending", total=sent.size)
        sent.tell = lambda: bars.update(
            task, completed=sent.sent, description="being checked" if sent.at_end else "sending"
        )
        status, found = client.send("/recordings", sent, MEDIA, IMPORT_SECONDS)
    job, new = client.as_shape(JobSummary, found), status == CREATED
    if as_json:
        told = {"job_id": job.job_id, "flow_id": job.flow_id, "status": job.status}
        print_json({**told, "new": new, "bytes": sent.sent})
        return
    was = "is here now" if new else "was here already"
    place = f"{client.server}/jobs/{in_path(job.job_id)}"
    console().print(text_of(f"Job {job.job_id} of {job.flow_id} ({job.status}) {was}: {place}"), soft_wrap=True)


class _Watched:
    """A file that reports the progress of its reader."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self.size = _size_of(file)
        self.sent = 0
        self.at_end = False
        self.tell: Callable[[], object] = lambda: None

    def read(self, size: int) -> bytes:
        """Read the next bytes, never beyond the size that the file had when it was opened."""
        left = size if self.size is None else min(size, self.size - self.sent)
        try:
            part = self._file.read(left)
        except OSError as error:
            raise ServerError(f"{self._name!r} could not be read: {error.strerror or error}") from None
        if left and not part and self.size is not None:
            raise ServerError(f"{self._name!r} has become shorter while it was read")
        self.sent += len(part)
        self.at_end = self.sent == self.size if self.size is not None else not part
        self.tell()
        return part


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDOUT:
        yield sys.stdin.buffer
        return
    with ExitStack() as opened:
        try:
            file = opened.enter_context(Path(name).open("rb"))
        except (OSError, ValueError) as error:
            raise UsageProblem(f"{name!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        yield file


def _size_of(file: BinaryIO) -> int | None:
    """The number of bytes left in a file; `None` for a pipe or an object without a descriptor."""
    try:
        found = os.fstat(file.fileno())
        return found.st_size - file.tell() if stat.S_ISREG(found.st_mode) else None
    except OSError:
        return None
