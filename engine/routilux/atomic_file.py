"""Writing a file as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: there a file that is open can be neither renamed nor removed
    fcntl = None


def write_whole(filepath: str | Path, text: str) -> None:
    """Replace the file's content; whatever happens on the way, it is the old one or the new one.

    Missing directories are made, and a link is followed. The new content is on the disk (fsync) before it takes the
    old one's place. Until then it is in `.<name>.tmp` beside it; what a killed process has left there is removed by
    the next write. Half of a pair of surrogates, which UTF-8 cannot hold, is written as JSON does: `\\ud800`.
    """
    path = Path(os.path.realpath(filepath))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = _temporary(path)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            with contextlib.suppress(FileNotFoundError):
                temporary.chmod(path.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:
                temporary.replace(path)  # as long as it is locked: nobody takes it for a left one
        if fcntl is None:
            temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(path.parent)


def _temporary(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, always of the same name, so that what is left of it is found; unless that is in use."""
    usual = path.with_name(f".{path.name}.tmp")
    for _ in range(2):
        with contextlib.suppress(FileExistsError):
            handle = _create(usual)
            if _locked(handle) is not False and _is_at(handle, usual):
                return handle, usual
            os.close(handle)  # another write took it for a left one and removed it
            break
        _remove_left(usual)
    other = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    return _create(other), other


def _create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)


def _remove_left(path: Path) -> None:
    """Remove a temporary file that nobody is writing any more."""
    with contextlib.suppress(OSError):
        if fcntl is None:
            path.unlink()
            return
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if _locked(handle) and _is_at(handle, path):
                path.unlink()
        finally:
            os.close(handle)


def _locked(handle: int) -> bool | None:
    """Lock an open file for as long as it is open: `False` when somebody else has, `None` where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError:  # some file systems have none
        return None


def _is_at(handle: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat(follow_symlinks=False))
    return False


def _sync_directory(directory: Path) -> None:
    with contextlib.suppress(OSError):  # some systems cannot open a directory
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
