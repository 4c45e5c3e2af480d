"""The outbox while the server is away: bounded; payloads are dropped first, and counters stay exact."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from routilux import Flow, Routine
from routilux_dashboard import connect
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.forwarding.outbox import Outbox
from routilux_dashboard.protocol import LogRow, OutputRow, RoutineState
from routilux_dashboard.protocol.programs import MAX_SEGMENTS, KnownSegments
from routilux_dashboard.segments.segment import Runs, RunSums, Segment, Sums, TargetName
from routilux_dashboard.segments.thin import drop_payloads, drop_rows
from tests.dashboard.flows import Collector, Emitter
from tests.dashboard.peers import get
from tests.dashboard.remote.intruder import first_segment
from tests.dashboard.remote.processes import ServerProcess
from tests.waiting import eventually

MEBI = 1024 * 1024


class Wordy(Emitter):
    """Emits with a payload of a kilobyte, and notes what it does."""

    def emit_items(self, count: int = 10, text: str = "") -> None:
        for i in range(count):
            self.emit("item", i=i, text="x" * 1000)
            if i % 1000 == 0:
                context = self.get_execution_context()
                assert context is not None
                context.job_state.append_to_shared_log({"at": i})
                context.job_state.update_routine_state(context.routine_id, {"at": i})


def wordy(source: Routine | None = None) -> Flow:
    flow = Flow("wordy")
    flow.add_routine(source or Wordy(), "emitter")
    flow.add_routine(Collector(), "collector")
    flow.connect("emitter", "item", "collector", "item")
    return flow


@pytest.mark.parametrize("bound", [6 * MEBI, 3 * MEBI, MEBI // 2])
def test_memory_is_bounded_while_the_server_is_away_and_counters_are_exact_afterwards(
    bound: int, tmp_path: Path
) -> None:
    flow, count = wordy(), 16_000
    server = ServerProcess(tmp_path / "jobs.db")
    with connect(server.url, flow, backlog_bytes=bound) as connection:
        jobs = [flow.execute("emitter", {"count": count}) for _ in range(2)]
        eventually(lambda: connection.state.thinned > 0, within=30)
        connection._recorder.flush()
        assert connection.state.waiting_bytes < bound + 2 * MAX_SEGMENTS
        assert not connection.state.connected
        with server:
            eventually(lambda: connection.flush(1), within=60)
            for job in jobs:
                shown = get(server, f"/jobs/{job.job_id}")
                assert (shown["status"], shown["seq"], shown["counts"]["events"]) == ("completed", count + 2, count)
                assert shown["routines"]["collector"]["done"] == count
                assert shown["connections"]["emitter.item->collector.item"]["count"] == count
                assert shown["counts"]["queued"] == shown["counts"]["running"] == shown["counts"]["errors"] == 0
                assert get(server, f"/jobs/{job.job_id}/log?limit=1")["total"] == 16
            assert get(server, "/jobs")["store"]["lost"] == 0, "the store has kept all that came"


def test_the_outbox_takes_little_more_memory_than_its_limit() -> None:
    outbox = quiet(2 * MEBI)
    tracemalloc.start()
    try:
        for job in range(40):
            for n in range(1, 20):
                outbox.put([grown(f"job {job}", n, 500)])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outbox.state.bytes <= 2 * MEBI
    assert held < 2 * 2 * MEBI
    assert outbox.state.segments == 40 * 19


# -- the outbox by itself


def quiet(bound: int = 64 * MEBI, **calls: Any) -> Outbox:
    def ignore(*_: object) -> None: ...

    return Outbox(bound, ignore, calls.get("restart", ignore), calls.get("refused", ignore))


def grown(job_id: str, n: int, rows: int = 3, payload: bytes = b'"' + b"x" * 500 + b'"') -> Segment:
    """Segment n of a job whose segments have `rows` records each."""
    segment = first_segment(job_id)
    records = segment.records
    records.source, records.cause = [0] * rows, [0] * rows
    records.time_ns, records.data = [segment.at_ns] * rows, [payload] * rows
    return msgspec.structs.replace(segment, n=n, after_seq=(n - 1) * rows, seq=n * rows)


def sent(outbox: Outbox, limit: int = MAX_SEGMENTS) -> list[tuple[str, int]]:
    """What goes out next, as pairs of job and number."""
    return [(each.job_id, each.n) for each in map(decoded, outbox.next(limit))]


def decoded(blob: bytes) -> Segment:
    return msgspec.msgpack.decode(blob, type=Segment)


def test_a_job_is_queried_then_sent_in_order_and_dropped_once_it_is_stored() -> None:
    outbox = quiet()
    outbox.put([grown("a", 1), grown("a", 2), grown("b", 1)])
    assert sent(outbox) == [], "the server was not queried yet"
    assert outbox.to_query(10) == ["a", "b"]
    assert outbox.to_query(10) == []
    outbox.have(KnownSegments({"a": 0, "b": 0}))
    assert sent(outbox) == [("a", 1), ("a", 2), ("b", 1)]
    assert sent(outbox) == []
    outbox.kept({"a": 1})
    assert outbox.state.segments == 2
    outbox.again({"a": 0})
    assert sent(outbox) == [("a", 2)]
    outbox.kept({"a": 2, "b": 1, "c": 7})
    assert outbox.state[:2] == (0, 0)


def test_a_new_connection_sends_the_segments_that_the_server_lacks() -> None:
    outbox = quiet()
    outbox.put([grown("a", n) for n in range(1, 6)])
    outbox.to_query(10)
    outbox.have(KnownSegments({"a": 0}))
    assert len(sent(outbox)) == 5
    outbox.connection_made()
    assert sent(outbox) == []
    assert outbox.to_query(10) == ["a"]
    outbox.have(KnownSegments({"a": 3}))
    assert sent(outbox) == [("a", 4), ("a", 5)]


def test_a_job_unknown_to_the_server_is_restarted_and_one_with_a_gap_is_refused() -> None:
    again: list[str] = []
    refused: list[tuple[str, str]] = []
    outbox = quiet(restart=again.append, refused=lambda *said: refused.append(said))
    for job in "ab":
        outbox.put([grown(job, n) for n in range(1, 6)])
    outbox.to_query(10)
    outbox.have(KnownSegments({"a": 4, "b": 4}))
    outbox.connection_made()
    outbox.to_query(10)
    outbox.have(KnownSegments({"a": 0, "b": 2}))
    assert again == ["a"]
    assert [job for job, _ in refused] == ["b"]
    outbox.put([grown("b", 6)])
    assert outbox.to_query(10) == []


def test_a_server_that_cannot_read_its_store_is_sent_what_begins_here_and_told_again_once_it_can() -> None:
    outbox = quiet()
    outbox.put([grown(job, n) for job in "abc" for n in range(1, 4)])
    outbox.to_query(10)
    outbox.have(KnownSegments({"a": 1, "b": 0}))  # of b nothing is kept, but all was sent
    assert len(sent(outbox)) == 5
    outbox.connection_made()
    outbox.to_query(10)
    outbox.have(KnownSegments(unread=["a", "b", "c", "unknown"]))
    assert sent(outbox) == [(job, n) for job in "bc" for n in (1, 2, 3)], "the beginning of a is not here"
    outbox.have(KnownSegments(unread=["b"]))
    assert sent(outbox) == []
    outbox.have(KnownSegments({"a": 2, "b": 1, "c": 0}))
    assert sent(outbox) == [("a", 3), ("b", 2), ("b", 3), ("c", 1), ("c", 2), ("c", 3)]
    outbox.have(KnownSegments({"a": 0, "b": 0}))
    assert sent(outbox) == [], "it is answered once"


def test_messages_are_no_larger_than_they_may_be_and_large_segments_are_split() -> None:
    outbox = quiet()
    outbox.put([grown("a", 1, rows=5000), grown("a", 2)])
    outbox.to_query(10)
    outbox.have(KnownSegments({"a": 0}))
    seen: list[Segment] = []
    while blobs := outbox.next(MAX_SEGMENTS):
        assert sum(map(len, blobs)) <= MAX_SEGMENTS
        seen += map(decoded, blobs)
    assert [segment.n for segment in seen] == list(range(1, len(seen) + 1))
    assert sum(len(segment.records.source) for segment in seen) == 5003


def test_a_large_segment_that_cannot_be_split_is_thinned() -> None:
    outbox = quiet()
    states = {"a": RoutineState("x" * 2 * MEBI, False)}
    outbox.put([msgspec.structs.replace(grown("a", 1), states=states)])
    outbox.to_query(10)
    outbox.have(KnownSegments({"a": 0}))
    seen = [decoded(blob) for blob in iter(lambda: b"".join(outbox.next(MAX_SEGMENTS)), b"")]
    assert [segment.n for segment in seen] == [1] or seen[-1].seq == 3
    assert all(len(msgspec.msgpack.encode(segment)) <= MAX_SEGMENTS for segment in seen)


# -- thinner segments


def full() -> Segment:
    segment = first_segment("a")
    return msgspec.structs.replace(
        segment,
        targets=[TargetName(0, "a", "in"), TargetName(1, "b", "in")],
        runs=Runs([0, 0, 1], [1, 2, 3], [10, 30, 5], [0, 0, 1], [0, 0, 0]),
        log=[LogRow(1, "2026-01-01T00:00:00+00:00", {"secret": 1}, False)],
        outputs=[OutputRow(1, "2026-01-01T00:00:00+00:00", "a", "x", {"secret": 1}, False)],
        states={"a": RoutineState({"secret": 1}, False)},
    )


def test_dropping_payloads_keeps_every_row() -> None:
    thin = drop_payloads(full())
    assert (thin.records.data, thin.records.cut) == ([b"null"] * 3, [0, 1, 2])
    assert thin.runs == full().runs
    assert "secret" not in str(thin)
    assert [row.cut for row in thin.log] == [row.cut for row in thin.outputs] == [True]
    assert thin.states["a"].cut


def test_dropping_rows_keeps_every_count() -> None:
    thin = drop_rows(full())
    assert (len(thin.records.source), len(thin.runs.target)) == (0, 0)
    assert (thin.after_seq, thin.seq, thin.after_run, thin.lost) == (3, 3, 3, 3)
    assert thin.sums == Sums({0: 3}, [RunSums(0, 0, 2, 40, 10, 30), RunSums(1, 1, 1, 5, 5, 5)])
    assert drop_rows(thin).sums == thin.sums


def test_a_thinned_job_has_the_figures_of_the_whole_one() -> None:
    counts = []
    for thin in (lambda segment: segment, drop_payloads, drop_rows):
        playback = Playback()
        playback.add(thin(full()))
        job = playback.job()
        counts.append((job.seq, job.counts, {k: (r.done, r.errors, r.avg_ms) for k, r in job.routines.items()}))
    assert counts[0] == counts[1] == counts[2]
