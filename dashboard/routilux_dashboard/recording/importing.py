"""Import a recording into a store: read all of it and find it sound, then write it.

The file is folded while it is checked; the figures that this gives are stored with the segments, which are read again
from a temporary file. So memory stays that of one segment, and of at most 64 MB of checkpoints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple, Protocol

import msgspec

from ..fold.checkpoints import JobFigures, with_figures
from ..payloads.json_text import on_one_line
from ..protocol import JobSummary
from ..segments.check import SegmentRefused
from ..segments.segment import Segment, SourceName, TargetName
from .lines import InvalidRecording
from .read_lines import read

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a file that are kept in memory before the rest goes to the disk."""
MAX_FILE = 4 * 1024 * 1024 * 1024
"""Bytes that a recording may have unless another limit is given."""
MAX_CHECKPOINTS = 64 * 1024 * 1024
"""Bytes of checkpoints in memory; beyond it every second one is dropped."""
PIECE = 256 * 1024


class ImportTarget(Protocol):
    """The part of a store that an import needs."""

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]: ...
    def release_writer(self, job_ids: Collection[str]) -> None: ...
    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]: ...
    def import_segments(self, segments: Iterable[tuple[Segment, JobFigures | None]], timeout: float = 60.0) -> None: ...


class Imported(NamedTuple):
    """The imported job. `fresh`: it was not in the store before; otherwise the identical job was."""

    summary: JobSummary
    fresh: bool


class JobDiffers(Exception):
    """The store already has a job of that id, and it differs from the file; the message says how."""


def import_recording(pieces: Iterable[bytes], store: ImportTarget, limit: int = MAX_FILE) -> Imported:
    """Import a recording (JSON lines) into a store. Waits for disks, so call it in a worker thread.

    A job that had not ended is stored as lost, because nothing more of it can come.

    Args:
        pieces: the file in order, in pieces of any size. They are written to disk, not kept in memory.
        limit: bytes that the file may have.

    Raises:
        InvalidRecording: the file is not a sound recording. Nothing of it is stored.
        JobDiffers: the store has another job of that id, or the same job as of another time.
        TimeoutError: the store does not write.
    """
    with SpooledTemporaryFile(IN_MEMORY) as file:
        _spool(pieces, file, limit)
        figures = _check(_segments(file))
        last, summary = max(figures), figures[max(figures)].summary
        if summary.job_id in store.last_segments([summary.job_id]):
            _compare(summary, _segments(file), store.segments(summary.job_id))
            return Imported(summary, False)
        store.import_segments((segment, figures.get(segment.n)) for segment in _segments(file))
        _confirm(store, summary.job_id, last)
        store.release_writer([summary.job_id])
    return Imported(summary, True)


def _spool(pieces: Iterable[bytes], file: IO[bytes], limit: int) -> None:
    for piece in pieces:
        file.write(piece)
        if file.tell() > limit:
            raise InvalidRecording(f"the file has more than {limit:,} bytes, which is the limit")


def _segments(file: IO[bytes]) -> Iterator[Segment]:
    file.seek(0)
    return read(iter(lambda: file.read(PIECE), b""))


def _check(segments: Iterable[Segment]) -> dict[int, JobFigures]:
    """Fold a recording. Returns the figures with a checkpoint, and those of the last segment, by segment number."""
    found: dict[int, JobFigures] = {}
    figures, size = None, 0
    try:
        for _, figures in with_figures(segments):
            if figures.checkpoint is not None:
                found[figures.n] = figures
                size += len(figures.checkpoint)
            if size > MAX_CHECKPOINTS:
                found = dict(list(found.items())[::2])
                size = sum(len(one.checkpoint or b"") for one in found.values())
    except SegmentRefused as refused:
        raise InvalidRecording(f"after segment {figures.n if figures else 0}: {refused}") from None
    assert figures is not None  # `read` refuses a recording without segments
    found[figures.n] = figures
    return found


def _compare(summary: JobSummary, found: Iterable[Segment], kept: Iterable[Segment]) -> None:
    for one, other in zip_longest(fingerprints(found), fingerprints(kept)):
        if one != other:
            raise JobDiffers(
                f"Job {summary.job_id!r} is already in the store and differs from the file: one of them is longer, has "
                "masked values, or is another job. Delete the stored job, or import the file into another store."
            )


def _confirm(store: ImportTarget, job_id: str, last: int) -> None:
    made = store.last_segments([job_id]).get(job_id, 0)
    if made != last:
        raise JobDiffers(
            f"Job {job_id!r} was written by another process meanwhile: segment {made} is its last, not {last}"
        )


def fingerprints(segments: Iterable[Segment]) -> Iterator[bytes]:
    """A digest of each segment that does not depend on the numbers of its names."""
    sources: dict[int, SourceName] = {}
    targets: dict[int, TargetName] = {}
    for segment in segments:
        sources.update((name.number, msgspec.structs.replace(name, number=0)) for name in segment.sources)
        targets.update((name.number, msgspec.structs.replace(name, number=0)) for name in segment.targets)
        yield hashlib.sha256(msgspec.json.encode(_content(segment, sources, targets))).digest()


def _content(segment: Segment, sources: dict[int, SourceName], targets: dict[int, TargetName]) -> list[Any]:
    """A segment's content with names in place of their numbers."""
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
