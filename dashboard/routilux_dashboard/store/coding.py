"""How the rows of a chunk are written as bytes, and read back."""

from __future__ import annotations

import zlib
from typing import TypeVar

import msgspec

from ..protocol import LogRow, OutputRow
from ..segments.segment import Records, Runs, Segment

ROWS = 256
"""In a chunk, at most: as many as are read, and written again, for the sake of one."""
BYTES = 256 * 1024
"""In a chunk, about, when its rows are large."""
MASK_BITS = 63
_PACKED = b"\x78"
"""What compressed data begins with, and no list in msgpack does."""
_WORTH_PACKING = 4096

T = TypeVar("T")


class KeptSegment(msgspec.Struct, array_like=True):
    """A segment without its many rows, and how many it had; `log` and `outputs` are the first and last `n`."""

    segment: Segment
    records: int
    runs: int
    log: tuple[int, int] = (0, -1)
    outputs: tuple[int, int] = (0, -1)


_encode = msgspec.msgpack.Encoder().encode
_records = msgspec.msgpack.Decoder(Records).decode
_runs = msgspec.msgpack.Decoder(Runs).decode
_segments = msgspec.msgpack.Decoder(list[KeptSegment]).decode
_log = msgspec.msgpack.Decoder(list[LogRow]).decode
_outputs = msgspec.msgpack.Decoder(list[OutputRow]).decode


def encode(rows: object, *, pack: bool = False) -> bytes:
    """The rows of a chunk; `pack` compresses them when that is worth it."""
    data = _encode(rows)
    return zlib.compress(data, 6) if pack and len(data) >= _WORTH_PACKING else data


def records_of(data: bytes) -> Records:
    """A chunk of records; this and the others raise `msgspec.DecodeError` or `zlib.error` for one that is damaged."""
    return _records(data)


def runs_of(data: bytes) -> Runs:
    """A chunk of handler runs."""
    return _runs(data)


def segments_of(data: bytes) -> list[KeptSegment]:
    """A chunk of segments."""
    return _segments(_unpacked(data))


def log_of(data: bytes) -> list[LogRow]:
    """A chunk of the shared log."""
    return _log(_unpacked(data))


def outputs_of(data: bytes) -> list[OutputRow]:
    """A chunk of the outputs."""
    return _outputs(_unpacked(data))


def bit(number: int) -> int:
    """The bit of a chunk's `mask` that stands for a source or an outcome."""
    return 1 << number % MASK_BITS


def _unpacked(data: bytes) -> bytes:
    return zlib.decompress(data) if data[:1] == _PACKED else data
