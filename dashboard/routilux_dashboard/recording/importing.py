"""A recording taken into a store: read whole and found sound first, then written; an import is as its source was."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple, Protocol

import msgspec

from ..fold.playback import Playback
from ..payloads.json_text import on_one_line
from ..protocol import JobSummary
from ..segments.check import SegmentRefused
from ..segments.segment import Segment, SourceName, TargetName
from .lines import InvalidRecording
from .read_lines import read

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a file that are not put on disk meanwhile."""
MAX_FILE = 4 * 1024 * 1024 * 1024
"""Bytes of a recording that is taken, unless another bound is given."""
PIECE = 256 * 1024


class ImportTarget(Protocol):
    """Where jobs are kept (`Store`)."""

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]: ...
    def release_writer(self, job_ids: Collection[str]) -> None: ...
    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]: ...
    def import_segments(self, segments: Iterable[Segment], timeout: float = 60.0) -> None: ...


class Imported(NamedTuple):
    """What was imported. `fresh`: it was not here before; else the very same was."""

    summary: JobSummary
    fresh: bool


class JobDiffers(Exception):
    """A job of that id is here already, and is not what the file holds; the message says so."""


def import_recording(pieces: Iterable[bytes], store: ImportTarget, limit: int = MAX_FILE) -> Imported:
    """Take a recording (JSON lines) into a store. Waits for disks: call it in a native thread.

    A job that had not ended is "lost": nobody here knows what became of it.

    Args:
        pieces: the file in order, in pieces of any size. They are put on disk, not held in memory.
        limit: bytes that the file may have.

    Raises:
        InvalidRecording: the file is no recording, or not a sound one. Nothing of it has been kept.
        JobDiffers: the store has another job of that id, or the same one as it was at another time.
        TimeoutError: the store does not write.
    """
    with SpooledTemporaryFile(IN_MEMORY) as file:
        _spool(pieces, file, limit)
        summary, last = _checked(_from(file))
        here = store.last_segments([summary.job_id])
        if summary.job_id in here:
            _compare(summary, _from(file), store.segments(summary.job_id))
            return Imported(summary, False)
        store.import_segments(_from(file))
        _confirm(store, summary.job_id, last)
        store.release_writer([summary.job_id])
    return Imported(summary, True)


def _spool(pieces: Iterable[bytes], file: IO[bytes], limit: int) -> None:
    for piece in pieces:
        file.write(piece)
        if file.tell() > limit:
            raise InvalidRecording(f"the file has more than {limit:,} bytes, and no more are taken")


def _from(file: IO[bytes]) -> Iterator[Segment]:
    file.seek(0)
    return read(iter(lambda: file.read(PIECE), b""))


def _checked(segments: Iterable[Segment]) -> tuple[JobSummary, int]:
    """The job at the end of sound segments, and how many these are."""
    playback = Playback()
    try:
        for segment in segments:
            playback.add(segment)
    except SegmentRefused as refused:
        raise InvalidRecording(f"after segment {playback.n}: {refused}") from None
    return playback.summary, playback.n


def _compare(summary: JobSummary, found: Iterable[Segment], kept: Iterable[Segment]) -> None:
    for one, other in zip_longest(fingerprints(found), fingerprints(kept)):
        if one != other:
            raise JobDiffers(
                f"Job {summary.job_id!r} is here already, and is not the same as in the file: one of them goes "
                "further, has something masked, or is another job. Delete the one that is here, or open the file "
                "elsewhere."
            )


def _confirm(store: ImportTarget, job_id: str, last: int) -> None:
    made = store.last_segments([job_id]).get(job_id, 0)
    if made != last:
        raise JobDiffers(
            f"Job {job_id!r} was written by somebody else meanwhile: segment {made} of {last} is its last."
        )


def fingerprints(segments: Iterable[Segment]) -> Iterator[bytes]:
    """What tells segments apart, whichever numbers their names have been given."""
    sources: dict[int, SourceName] = {}
    targets: dict[int, TargetName] = {}
    for segment in segments:
        sources.update((name.number, msgspec.structs.replace(name, number=0)) for name in segment.sources)
        targets.update((name.number, msgspec.structs.replace(name, number=0)) for name in segment.targets)
        yield hashlib.sha256(msgspec.json.encode(_content(segment, sources, targets))).digest()


def _content(segment: Segment, sources: dict[int, SourceName], targets: dict[int, TargetName]) -> list[Any]:
    """A segment with names in the place of their numbers."""
    rows, runs, sums = segment.records, segment.runs, segment.sums
    replace = msgspec.structs.replace
    bare = replace(segment, sources=[], targets=[], records=type(rows)(), runs=type(runs)(), sums=None, running=[])
    return [
        bare,
        [sources[number] for number in rows.source], rows.time_ns, rows.cause, rows.cut,
        [on_one_line(data) for data in rows.data],
        [targets[number] for number in runs.target], runs.start_ns, runs.duration_ns, runs.outcome, runs.cause,
        sorted((str(sources[number]), count) for number, count in sums.emissions.items()) if sums else [],
        sorted((str(targets[run.target]), *msgspec.structs.astuple(run)[1:]) for run in sums.runs) if sums else [],
        [(handler.start_ns, handler.target == -1 or targets[handler.target]) for handler in segment.running],
    ]  # fmt: skip
