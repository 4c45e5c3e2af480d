"""Parts of an HTML recording: JSON, compressed, as text that means nothing to a browser until it is unpacked."""

from __future__ import annotations

import base64
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

_AROUND = 90
"""Bytes of the element around a part's text, or a few more."""
_GZIP = 16 + zlib.MAX_WBITS


class Part(NamedTuple):
    """A part and, where it holds rows, which: `first` to `last`, `rows` of them."""

    name: str
    text: bytes
    first: int = 0
    last: int = 0
    rows: int = 0

    @property
    def size(self) -> int:
        """Bytes of it in the file, or a few more."""
        return len(self.text) + _AROUND

    @property
    def element(self) -> bytes:
        """The element that holds it; no browser runs what is of this type."""
        held = f' data-first="{self.first}" data-last="{self.last}"' if self.rows else ""
        return f'<script type="application/gzip" data-part="{self.name}"{held}>'.encode() + self.text + b"</script>\n"


def pack(value: Any) -> bytes:
    """JSON, compressed, as letters and digits."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return base64.b64encode(packer.compress(msgspec.json.encode(value)) + packer.flush())


def unpack(text: bytes) -> Any:
    """What was packed."""
    return msgspec.json.decode(zlib.decompress(base64.b64decode(text), _GZIP))


@dataclass
class PartList:
    """Parts of one kind in the order of their rows; the oldest make room when there is not enough."""

    name: str
    parts: deque[Part] = field(default_factory=deque)
    size: int = 0
    gone: Part | None = None
    """What has been left out, as if it were one part; without its text."""

    def put(self, first: int, last: int, rows: int, value: Any) -> None:
        """Add a part of rows that are newer than all before."""
        part = Part(self.name, pack(value), first, last, rows)
        self.parts.append(part)
        self.size += part.size

    def drop_oldest(self) -> bool:
        """Leave the oldest part out; False when there is none any more."""
        if not self.parts:
            return False
        part, before = self.parts.popleft(), self.gone
        self.size -= part.size
        first, rows = (before.first, before.rows) if before is not None else (part.first, 0)
        self.gone = Part(self.name, b"", first, part.last, rows + part.rows)
        return True

    def change(self, change: Callable[[Part], Part | None]) -> None:
        """Put another part in the place of each, or none."""
        self.parts = deque(changed for part in self.parts if (changed := change(part)) is not None)
        self.size = sum(part.size for part in self.parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)
