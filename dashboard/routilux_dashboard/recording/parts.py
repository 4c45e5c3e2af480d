"""Parts of an HTML recording: compressed JSON in elements that a browser ignores until the page unpacks them."""

from __future__ import annotations

import base64
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

_AROUND = 90
"""Bytes of the element around a part's text, at most."""
_GZIP = 16 + zlib.MAX_WBITS


class Part(NamedTuple):
    """A part; if it holds rows, they are numbered from `first` to `last`, and there are `rows` of them."""

    name: str
    text: bytes
    first: int = 0
    last: int = 0
    rows: int = 0

    @property
    def size(self) -> int:
        """Its bytes in the file, at most."""
        return len(self.text) + _AROUND

    @property
    def element(self) -> bytes:
        """The element that holds it; its type keeps browsers from running it."""
        rows = f' data-first="{self.first}" data-last="{self.last}"' if self.rows else ""
        return f'<script type="application/gzip" data-part="{self.name}"{rows}>'.encode() + self.text + b"</script>\n"


def pack(value: Any) -> bytes:
    """A value as JSON, compressed, in base64."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return base64.b64encode(packer.compress(msgspec.json.encode(value)) + packer.flush())


def unpack(text: bytes) -> Any:
    """The value that was packed."""
    return msgspec.json.decode(zlib.decompress(base64.b64decode(text), _GZIP))


@dataclass
class PartList:
    """Parts of one kind in the order of their rows. The oldest are dropped to make room."""

    name: str
    parts: deque[Part] = field(default_factory=deque)
    size: int = 0
    dropped: Part | None = None
    """The dropped parts as if they were one, without text."""

    def put(self, first: int, last: int, rows: int, value: Any) -> None:
        """Append a part with the next rows."""
        part = Part(self.name, pack(value), first, last, rows)
        self.parts.append(part)
        self.size += part.size

    def drop_oldest(self) -> bool:
        """Drop the oldest part; False if there is none."""
        if not self.parts:
            return False
        part, before = self.parts.popleft(), self.dropped
        self.size -= part.size
        first, rows = (before.first, before.rows) if before is not None else (part.first, 0)
        self.dropped = Part(self.name, b"", first, part.last, rows + part.rows)
        return True

    def change(self, change: Callable[[Part], Part | None]) -> None:
        """Replace each part by what `change` returns for it, or drop it for `None`."""
        self.parts = deque(changed for part in self.parts if (changed := change(part)) is not None)
        self.size = sum(part.size for part in self.parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)
