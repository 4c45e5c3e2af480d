"""A file that is there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .usage import UsageProblem


@contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Write a file beside `path`, which takes its place when the block ends without an error.

    Raises `UsageProblem` when there is such a file already and `force` is not given, or none can be written.
    """
    if path.exists() and not force:
        raise _in_the_way(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file = part.open("xb")
    except OSError as error:
        raise UsageProblem(f"{str(path)!r} cannot be written: {error.strerror}") from None
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_place(part, path, force=force)
    finally:
        part.unlink(missing_ok=True)


def _take_place(part: Path, path: Path, *, force: bool) -> None:
    if not force:
        try:
            path.hardlink_to(part)  # unlike a rename, it fails when somebody else has made the file meanwhile
            return
        except FileExistsError:
            raise _in_the_way(path) from None
        except OSError:  # a file system without links
            if path.exists():
                raise _in_the_way(path) from None
    part.replace(path)


def _in_the_way(path: Path) -> UsageProblem:
    return UsageProblem(f"There is {str(path)!r} already; --force writes over it, -o FILE elsewhere")
