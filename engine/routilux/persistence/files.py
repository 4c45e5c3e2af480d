"""Files: written atomically, and read as JSON with a size limit."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import uuid
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

from .plain_data import describe

fcntl: ModuleType | None

try:
    import fcntl
except ImportError:  # Windows, where an open file can be neither renamed nor removed
    fcntl = None


def write_atomic(filepath: str | Path, text: str) -> None:
    """Replace the file's content atomically: after a crash it is either the old or the new content.

    Creates missing directories and follows a link. The new content is synced to disk (fsync) in `.<name>.tmp` in the
    same directory, then renamed. The next write removes a temporary file left by a killed process. A lone surrogate,
    which UTF-8 cannot encode, is escaped as in JSON: `\\ud800`.
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
                temporary.replace(path)  # while locked, so that no other process takes it for a stale one
        if fcntl is None:
            temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(path.parent)


def _temporary(path: Path) -> tuple[int, Path]:
    """Create a temporary file next to `path`. It has a fixed name, so that a stale one is found, unless in use."""
    usual = path.with_name(f".{path.name}.tmp")
    for _ in range(2):
        with contextlib.suppress(FileExistsError):
            handle = _create(usual)
            if _locked(handle) is not False and _is_at(handle, usual):
                return handle, usual
            os.close(handle)  # another write took it for a stale one and removed it
            break
        _remove_stale(usual)
    other = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    return _create(other), other


def _create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)


def _remove_stale(path: Path) -> None:
    """Remove a temporary file that no process is writing."""
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
    """Lock an open file until it is closed: `False` if another process has, `None` without support for locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError:  # some file systems have no locks
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


SIZE_LIMIT = 64 * 1024 * 1024
"""Largest file to read, in bytes, unless the caller allows more."""


def read_json(filepath: str | Path, max_bytes: int = SIZE_LIMIT) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is larger than `max_bytes`, invalid JSON, nested too deeply, or has a duplicate key.
    """
    path = Path(filepath)
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"{path} is larger than {max_bytes:,} bytes; allow more with max_bytes")
    try:
        return json.loads(content.removeprefix(codecs.BOM_UTF8).decode(), object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(f"{path} is no JSON, or was cut off: {error.msg}", error.doc, error.pos) from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error}") from None
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = Counter(key for key, _ in pairs)
        twice = next(key for key, count in keys.items() if count > 1)
        raise ValueError(f"an object has the key {describe(twice)} twice")
    return found


_TEXT = frozenset((str,))

_CONTAINERS = (dict, list, tuple)


def check_keys(value: Any) -> None:
    """Raise `TypeError` if a dict in `value`, a JSON-serializable value, has keys that collide in JSON.

    >>> check_keys({1: "a", "2": ["b"]})
    >>> check_keys([{1: "a", "1": "b"}])
    Traceback (most recent call last):
    TypeError: a dict has the keys 1 and '1', which are the same in JSON; make all its keys texts
    """
    waiting = [value] if isinstance(value, _CONTAINERS) else []
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict) and not _TEXT.issuperset(map(type, found)):
            _check_dict(found)
        items = found.values() if isinstance(found, dict) else found
        waiting += [item for item in items if isinstance(item, _CONTAINERS)]


def _check_dict(found: dict[Any, Any]) -> None:
    known: dict[str, Any] = {}
    for key in found:
        name = key if isinstance(key, str) else next(iter(json.loads(json.dumps({key: None}))))
        if name in known:
            raise TypeError(
                f"a dict has the keys {known[name]!r} and {key!r}, which are the same in JSON; make all its keys texts"
            )
        known[name] = key
