"""Where the documents say something else than the product does, and which decision (O1 to O22) wins there."""

from __future__ import annotations

from typing import NamedTuple

from tests.engine.seeds.blocks import Block


class Deviation(NamedTuple):
    """In these pieces (`"001-1"`) the product prints `does` where the document says `says`."""

    pieces: tuple[str, ...]
    says: str
    does: str
    decision: str
    why: str


DEVIATIONS = (
    Deviation(
        ("001-1", "004-1"),
        "Execution records: 2\n",
        "Execution records: 4\n",
        "O2",
        "the two emissions, and the entry's start and completed, as seed 002 lists them",
    ),
    Deviation(
        ("001-3", "004-3"),
        "  {'action': 'collected', 'data': 'a', 'routine': 'collector', 'timestamp': '...'}\n"
        "  {'action': 'collected', 'data': 'b', 'routine': 'collector', 'timestamp': '...'}\n"
        "  {'action': 'collected', 'data': 'c', 'routine': 'collector', 'timestamp': '...'}\n"
        "  {'action': 'processed', 'data': 'a', 'result': '...', 'timestamp': '...'}\n"
        "  {'action': 'processed', 'data': 'b', 'result': '...', 'timestamp': '...'}\n",
        "  {'action': 'collected', 'data': 'a', 'routine': 'collector', 'timestamp': '...'}\n"
        "  {'action': 'processed', 'data': 'a', 'result': '...', 'timestamp': '...'}\n"
        "  {'action': 'collected', 'data': 'b', 'routine': 'collector', 'timestamp': '...'}\n"
        "  {'action': 'processed', 'data': 'b', 'result': '...', 'timestamp': '...'}\n"
        "  {'action': 'collected', 'data': 'c', 'routine': 'collector', 'timestamp': '...'}\n",
        "O14",
        "the log is in the order in which it was appended, and each emission goes to both routines in turn",
    ),
    Deviation(
        ("001-4", "004-4"),
        "Total records: 4\n",
        "Total records: 8\n",
        "O2",
        "three emissions of each routine, and the entry's start and completed",
    ),
    Deviation(
        ("001-4", "004-4"),
        "  source: output at 2024-01-01 12:00:00\n"
        "  processor: output at 2024-01-01 12:00:00.001\n"
        "  source: output at 2024-01-01 12:00:00.002\n"
        "  processor: output at 2024-01-01 12:00:00.003\n",
        "  source: start at 2024-01-01 12:00:00\n"
        "  source: output at 2024-01-01 12:00:00\n"
        "  source: output at 2024-01-01 12:00:00\n"
        "  source: output at 2024-01-01 12:00:00\n"
        "  processor: output at 2024-01-01 12:00:00\n"
        "  processor: output at 2024-01-01 12:00:00\n"
        "  processor: output at 2024-01-01 12:00:00\n"
        "  source: completed at 2024-01-01 12:00:00\n",
        "O2",
        "all eight; emit queues, so the source has emitted thrice before the processor's first turn (section 2)",
    ),
    Deviation(
        ("002-3",),
        "Source records: 2\n",
        "Source records: 3\n",
        "O2",
        "start, output and completed are all records of the source, as the document's own list shows",
    ),
    Deviation(
        ("002-3",),
        "source -> completed\n  Data: {}\n",
        "source -> completed\n  Data: {'execution_time': <seconds>}\n",
        "O2",
        "completed says how long it took",
    ),
    Deviation(
        ("002-5",),
        "Initial status: running\n",
        "Initial status: completed\n",
        "O1",
        "execute of a sequential flow returns when the job has settled",
    ),
)


def decided(block: Block, says: str | None = None) -> str:
    """What the piece must print: what its document says, with the deviations that were decided.

    Args:
        says: what the document says in comments, when it shows no output.
    """
    text = says if says is not None else block.prints or ""
    for deviation in DEVIATIONS:
        if block.name in deviation.pieces:
            assert deviation.says in text, f"{block.name} says nothing of {deviation.says!r}"
            text = text.replace(deviation.says, deviation.does)
    return text
