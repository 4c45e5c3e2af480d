"""Write a file atomically: it appears complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .usage import UsageProblem


@contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Write a temporary file next to `path`, which replaces it if the block ends without an error.

    Raises `UsageProblem` if the file exists and `force` is not set, or if it can't be written.
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
            path.hardlink_to(part)  # unlike a rename, it fails if the file has been created meanwhile
            return
        except FileExistsError:
            raise _in_the_way(path) from None
        except OSError:  # a file system without hard links
            if path.exists():
                raise _in_the_way(path) from None
    part.replace(path)


def _in_the_way(path: Path) -> UsageProblem:
    return UsageProblem(f"There is {str(path)!r} already; --force writes over it, -o FILE elsewhere")
