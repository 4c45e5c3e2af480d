"""Python source files: which there are, what module each is, and reading one whole, as the interpreter would."""

from __future__ import annotations

import hashlib
import io
import os
import sysconfig
import tokenize
from pathlib import Path

SKIPPED_FOLDERS = frozenset({"site-packages", "dist-packages", "__pycache__"})


class SourceBusy(OSError):
    """The file changed while it was read. Reading it again may succeed."""


class SourceChanged(RuntimeError):
    """The file is not the one that was read first. Reading it again would not help."""


class Undecodable(ValueError):
    """The bytes are no text in the encoding that they declare (PEP 263)."""


def standard_library() -> Path:
    """The folder of the running Python's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def import_base(root: Path) -> Path:
    """The folder from which the modules below `root` are imported: the first that is no package itself.

    So the files of `.../python3.12/asyncio` are named `asyncio.tasks` and not `tasks`.
    """
    while (root / "__init__.py").is_file():
        root = root.parent
    return root


def list_sources(root: Path) -> list[str]:
    """The Python files below `root`, as sorted paths relative to `import_base(root)`, with `/` between names.

    Raises:
        OSError: a folder cannot be read. A census must not leave one out in silence.
    """
    base = import_base(root)
    found: list[str] = []
    for folder, subfolders, names in os.walk(root, onerror=_give_up):
        subfolders[:] = [name for name in subfolders if name not in SKIPPED_FOLDERS]
        files = (Path(folder, name) for name in names if name.endswith(".py"))
        found.extend(file.relative_to(base).as_posix() for file in files if file.is_file())
    return sorted(found)


def _give_up(error: OSError) -> None:
    raise error


def module_name(path: str) -> str:
    """The dotted name under which a file is imported.

    >>> module_name("asyncio/tasks.py"), module_name("asyncio/__init__.py"), module_name("this.py")
    ('asyncio.tasks', 'asyncio', 'this')
    """
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def name_modules(paths: list[str]) -> list[list[str]]:
    """Pairs of path and module. Where two files have one name, as `a.py` and `a/__init__.py`, the later is named
    by its path, so that each has its own.

    >>> name_modules(["a.py", "a/__init__.py"])
    [['a.py', 'a'], ['a/__init__.py', 'a/__init__.py']]
    """
    pairs: dict[str, str] = {}
    for path in paths:
        name = module_name(path)
        pairs[path if name in pairs else name] = path
    return [[path, name] for name, path in pairs.items()]


def read_whole(file: Path) -> bytes:
    """Read a file in one piece.

    Raises:
        SourceBusy: its size or time changed in between, so that these bytes may be half old and half new.
        OSError: it cannot be read now.
    """
    with file.open("rb") as stream:
        before = os.fstat(stream.fileno())
        data = stream.read()
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise SourceBusy(f"{file.name!r} was written to while it was read; try again")
    return data


def digest_of(data: bytes) -> str:
    """A short fingerprint: the first 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def read_again(file: Path, digest: str) -> bytes:
    """Read a file that was read before.

    Raises:
        SourceChanged: it has another fingerprint now.
        OSError: as `read_whole`.
    """
    data = read_whole(file)
    if digest_of(data) != digest:
        raise SourceChanged(f"{file.name!r} has changed since it was first read (it was {digest}); start a new census")
    return data


def decode(data: bytes) -> str:
    """The text of a source file, by its byte order mark or coding comment, else UTF-8.

    >>> decode("# coding: latin-1\\nname = 'é'".encode("latin-1"))
    "# coding: latin-1\\nname = 'é'"

    Raises:
        Undecodable: the encoding is unknown, or the bytes are wrong for it.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise Undecodable(str(error)) from error
