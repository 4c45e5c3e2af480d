"""What a reader takes of a job's journal: every row once, and totals that are exact whatever happens."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import routilux.journal.journal
from routilux import ErrorHandler, Flow, JobHook, JobState, JournalBatch, JournalReader
from tests.engine.parts import (
    DEADLINE,
    Data,
    Diary,
    Door,
    FlowMaker,
    Node,
    chain,
    emits,
    in_turn,
    over,
    pass_on,
    raises,
)
from tests.waiting import eventually


class Book:
    """The counts of a reader's batches, added up as a dashboard does: rows and totals."""

    def __init__(self, reader: JournalReader) -> None:
        self.reader = reader
        self.emissions: Counter[tuple[str, str, str]] = Counter()
        self.runs: Counter[tuple[str, str, str]] = Counter()
        self.run_ns = 0
        self.seq = 0
        self.rows = 0
        self.lost = 0
        self.batches = list[JournalBatch]()

    def take(self) -> JournalBatch:
        batch = self.reader.take()
        self.batches.append(batch)
        sources = Counter(row[0] for row in batch.records)
        runs: Counter[tuple[int, str]] = Counter((row[0], row[3]) for row in batch.runs)
        self.run_ns += sum(row[2] for row in batch.runs)
        if batch.totals is not None:
            sources.update(batch.totals.emissions)
            runs.update({key: totals.count for key, totals in batch.totals.runs.items()})
            self.run_ns += sum(totals.total_ns for totals in batch.totals.runs.values())
        for number, count in sources.items():
            source = self.reader.source(number)
            self.emissions[source.routine_id, source.event_name, source.kind] += count
        for (number, outcome), count in runs.items():
            target = self.reader.target(number)
            self.runs[target.routine_id, target.slot_name, outcome] += count
        self.rows += len(batch.records)
        self.lost += batch.lost
        self.seq = batch.seq
        assert self.rows + self.lost == self.seq
        return batch


class Librarian(JobHook):
    """Gives each job a book."""

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        self.books[job_state.job_id] = Book(reader)


def fan(flow: Flow, width: int, count: int) -> Flow:
    """a → `width` routines → z, with `count` emissions of a; every fifth activation of `z` fails and is tolerated."""
    seen = itertools.count(1)

    def end(node: Node, data: Data) -> None:
        if next(seen) % 5 == 0:
            raise ValueError("tolerated")

    flow.add_routine(Node(emits(count)), "a")
    flow.add_routine(Node(end), "z")
    flow.routines["z"].set_error_handler(ErrorHandler("continue"))
    for n in range(width):
        flow.add_routine(Node(pass_on), f"m{n}")
        flow.connect("a", "out", f"m{n}", "input")
        flow.connect(f"m{n}", "out", "z", "input")
    return flow


def recount(job: JobState) -> Counter[tuple[str, str, str]]:
    return Counter((record.routine_id, record.event_name, record.kind) for record in job.execution_history)


def test_a_record_row_is_source_data_time_and_cause(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    flow.add_routine(Node(lambda node, data: node.emit("out", x=1)), "a")
    flow.add_routine(Node(pass_on), "b")
    flow.add_routine(Node(), "c")
    flow.connect("a", "out", "b", "input")
    flow.connect("a", "out", "c", "input")
    job = over(flow.execute("a", {"p": 0}))
    reader = diary.readers[job.job_id]
    batch = reader.take()
    rows = [(reader.source(number), data, cause) for number, data, _, cause in batch.records]
    assert [(source.routine_id, source.event_name, source.kind) for source, _, _ in rows] == [
        ("a", "start", "start"),
        ("a", "out", "event"),
        ("b", "out", "event"),
        ("a", "completed", "completed"),
    ]
    assert [data for _, data, _ in rows[:3]] == [{"p": 0}, {"x": 1}, {"x": 1}]
    assert [cause for _, _, cause in rows] == [0, 1, 2, 0]
    assert rows[1][0].connection_ids == ("a.out->b.input", "a.out->c.input")
    assert rows[1][0].target_ids == ("b", "c")
    assert rows[2][0].connection_ids == rows[2][0].target_ids == ()
    times = [reader.wall_ns(at) for _, _, at, _ in batch.records]
    assert times == sorted(times)
    assert times == [record.time_ns for record in job.execution_history]


def test_a_run_row_is_target_start_duration_outcome_and_cause(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(emits(2))), ("b", Node(raises(ValueError("first"), times=1))))
    flow.set_error_handler(ErrorHandler("skip"))
    job = over(flow.execute("a"))
    reader = diary.readers[job.job_id]
    runs = reader.take().runs
    named = [
        (reader.target(number).routine_id, reader.target(number).slot_name, outcome) for number, *_, outcome, _ in runs
    ]
    assert sorted(named) == [("a", "trigger", "completed"), ("b", "input", "completed"), ("b", "input", "skipped")]
    assert all(duration >= 0 for _, _, duration, _, _ in runs)
    assert sorted(cause for *_, cause in runs) == [1, 2, 3]


def test_every_outcome_has_its_name(flow: Flow) -> None:
    librarian = Librarian()
    flow.add_hook(librarian)
    flow.max_workers = 1
    strategies = {"error_continued": "continue", "skipped": "skip"}
    flow.add_routine(Node(emits(1)), "a")
    for word, strategy_word in strategies.items():
        node = Node(raises(ValueError))
        node.set_error_handler(ErrorHandler(strategy_word))
        flow.add_routine(node, word)
        flow.connect("a", "out", word, "input")
    retried = Node(raises(ValueError, times=2))
    retried.set_error_handler(ErrorHandler("retry", 2, 0.0))
    flow.add_routine(retried, "retry")
    flow.connect("a", "out", "retry", "input")
    job = over(flow.start("a"))
    book = librarian.books[job.job_id]
    book.take()
    assert book.runs == {
        ("a", "trigger", "completed"): 1,
        ("error_continued", "input", "error_continued"): 1,
        ("skipped", "input", "skipped"): 1,
        ("retry", "input", "retry"): 2,
        ("retry", "input", "completed"): 1,
    }
    flow.add_routine(Node(raises(ValueError)), "failed")
    job = over(flow.start("failed"), "failed")
    librarian.books[job.job_id].take()
    assert librarian.books[job.job_id].runs == {("failed", "trigger", "failed"): 1}
    flow.add_routine(
        Node(in_turn(lambda node, data: node.ctx.flow.cancel(node.ctx.job_state), raises(ValueError))), "c"
    )
    job = over(flow.start("c"), "cancelled")
    librarian.books[job.job_id].take()
    assert librarian.books[job.job_id].runs == {("c", "trigger", "cancelled"): 1}


def test_a_second_take_returns_only_new_rows(flow: Flow) -> None:
    diary, door = Diary(), Door()
    flow.add_hook(diary)
    chain(flow, ("a", Node(emits(1))), ("b", Node(in_turn(door, emits(2)))))
    job = flow.start("a")
    door.wait_for()
    first = diary.take(job)
    assert len(first.records) == first.seq == 2
    assert [handler.routine_id for handler in first.running] == ["b"]
    assert [handler.slot_name for handler in first.running] == ["input"]
    assert first.running[0].running_ns >= 0
    again = diary.take(job)
    assert (again.records, again.runs, again.entries, again.seq) == ([], [], [], 2)
    door.open()
    over(job)
    eventually(lambda: not flow.live_jobs())
    last = diary.take(job)
    assert (len(last.records), last.seq, last.running) == (3, 5, ())


def test_a_late_reader_gets_totals_instead_of_rows(flow: Flow) -> None:
    door, librarian = Door(), Librarian()
    flow.max_workers = 1

    def work(node: Node, data: Data) -> None:
        if data["n"] == 50:
            door.enter()

    chain(flow, ("a", Node(emits(100))), ("b", Node(work)))
    job = flow.start("a")
    door.wait_for()
    flow.add_hook(librarian)
    book = librarian.books[job.job_id]
    first = book.take()
    assert first.records == []
    assert first.lost == first.seq == 101
    assert book.runs == {("a", "trigger", "completed"): 1, ("b", "input", "completed"): 50}
    door.open()
    over(job)
    book.take()
    assert book.emissions == recount(job)
    assert book.runs == {("a", "trigger", "completed"): 1, ("b", "input", "completed"): 100}


def test_a_late_reader_gets_earlier_entries(flow: Flow) -> None:
    door, diary = Door(), Diary()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.add_hook(diary)
    assert [entry.data["status"] for entry in diary.take(job).entries if entry.kind == "status"] == ["running"]
    door.open()
    over(job)


def test_readers_are_independent(flow: Flow) -> None:
    first, second = Librarian(), Librarian()
    flow.add_hook(first)
    flow.add_hook(second)
    fan(flow, 3, 20)
    job = over(flow.execute("a"))
    for librarian in (first, second):
        librarian.books[job.job_id].take()
        assert librarian.books[job.job_id].emissions == recount(job)


def test_closing_a_reader_releases_its_rows(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", history_limit=10)
    diary = Diary()
    flow.add_hook(diary)

    def work(node: Node, data: Data) -> None:
        diary.readers[node.ctx.job_state.job_id].close()
        emits(1000)(node, data)

    chain(flow, ("a", Node(work)))
    job = over(flow.execute("a"))
    assert len(job.execution_history) == 10
    assert job.history_dropped == 992


def test_with_a_history_limit_a_reader_that_keeps_up_gets_every_row(new_flow: FlowMaker, strategy: str) -> None:
    flow = new_flow("flow", strategy, history_limit=5)
    librarian = Librarian()
    flow.add_hook(librarian)

    def work(node: Node, data: Data) -> None:
        for n in range(500):
            node.emit("out", n=n)
            if n % 50 == 0:
                librarian.books[node.ctx.job_state.job_id].take()

    chain(flow, ("a", Node(work)), ("b", Node()))
    job = over(flow.execute("a"))
    book = librarian.books[job.job_id]
    book.take()
    rows = [data["n"] for batch in book.batches for _, data, _, _ in batch.records if "n" in data]
    assert rows == list(range(500))
    assert book.lost == 0
    assert job.history_dropped == 502 - 5


def test_with_a_history_limit_a_slow_reader_misses_rows_but_no_counts(
    new_flow: FlowMaker, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routilux.journal.journal, "UNREAD_BOUND", 100)
    flow = new_flow("flow", strategy, history_limit=5)
    librarian = Librarian()
    flow.add_hook(librarian)
    fan(flow, 3, 400)
    job = over(flow.execute("a"))
    book = librarian.books[job.job_id]
    batch = book.take()
    assert batch.lost > 1000
    assert len(batch.records) < 600
    assert book.seq == 2 + 400 + 3 * 400 + 240
    assert book.emissions == {
        ("a", "start", "start"): 1,
        ("a", "out", "event"): 400,
        **{(f"m{n}", "out", "event"): 400 for n in range(3)},
        ("z", "error_continued", "error_continued"): 240,
        ("a", "completed", "completed"): 1,
    }
    assert book.runs == {
        ("a", "trigger", "completed"): 1,
        **{(f"m{n}", "input", "completed"): 400 for n in range(3)},
        ("z", "input", "completed"): 960,
        ("z", "input", "error_continued"): 240,
    }
    assert book.take().totals is None


def test_runs_are_trimmed_once_every_reader_has_taken_them(new_flow: FlowMaker, strategy: str) -> None:
    """Counts stay exact when runs are folded and trimmed."""
    flow = new_flow("flow", strategy)
    librarian = Librarian()
    chain(flow, ("a", Node(emits(10_000))), ("b", Node()))
    flow.add_hook(librarian)
    job = over(flow.execute("a"))
    book = librarian.books[job.job_id]
    book.take()
    assert book.runs == {("a", "trigger", "completed"): 1, ("b", "input", "completed"): 10_000}
    late = Librarian()
    job.add_hook(late)
    late.books[job.job_id].take()
    assert late.books[job.job_id].runs == book.runs
    assert late.books[job.job_id].run_ns == book.run_ns


def queued(book: Book, job: JobState, entry: str) -> dict[str, int]:
    """The queued activations of each routine, counted from the rows alone."""
    waiting: Counter[str] = Counter({entry: 1})
    for batch in book.batches:
        for number, *_ in batch.records:
            waiting.update(book.reader.source(number).target_ids)
        for number, *_, outcome, _ in batch.runs:
            waiting[book.reader.target(number).routine_id] -= outcome != "retry"
        for entry_row in batch.entries:
            if entry_row.kind == "dropped":
                waiting.subtract(entry_row.data["routines"])
    return {routine_id: count for routine_id, count in waiting.items() if count}


@pytest.mark.parametrize("end", ["completed", "paused", "cancelled", "failed"])
def test_queued_activations_of_a_settled_job_can_be_counted_from_rows(flow: Flow, end: str) -> None:
    librarian = Librarian()
    flow.add_hook(librarian)

    def work(node: Node, data: Data) -> None:
        node.emit("out", **data)
        if data["n"] != 7 or end == "completed":
            return
        if end == "failed":
            raise ValueError("no")
        node.ctx.flow.pause(node.ctx.job_state) if end == "paused" else node.ctx.flow.cancel(node.ctx.job_state)

    chain(flow, ("a", Node(emits(30))), ("b", Node(work)), ("c", Node(raises(KeyError, times=1))))
    flow.routines["c"].set_error_handler(ErrorHandler("retry", 1, 0.0))
    job = over(flow.start("a"), end)
    book = librarian.books[job.job_id]
    eventually(lambda: job not in flow.live_jobs() or end == "paused")
    book.take()
    expected = Counter(task["slot_routine_id"] for task in job.pending_tasks)
    assert queued(book, job, "a") == expected
    assert bool(expected) == (end == "paused")


@settings(max_examples=15)
@given(
    strategy=st.sampled_from(["sequential", "concurrent"]),
    width=st.integers(1, 4),
    count=st.integers(0, 300),
    limit=st.sampled_from([None, 1, 20]),
    late=st.booleans(),
    takes=st.integers(0, 30),
)
def test_totals_and_batches_always_equal_a_recount(
    strategy: str, width: int, count: int, limit: int | None, late: bool, takes: int
) -> None:
    """A reader takes when it likes, in a thread of its own, while the job runs."""
    flow = fan(Flow("flow", strategy, 3, history_limit=limit), width, count)
    librarian = Librarian()
    if not late:
        flow.add_hook(librarian)
    job = flow.start("a")
    flow.add_hook(librarian)
    if job.job_id not in librarian.books:  # it has ended already
        job.add_hook(librarian)
    book = librarian.books[job.job_id]

    def read() -> None:
        for _ in range(takes):
            book.take()

    reading = threading.Thread(target=read)
    reading.start()
    over(job)
    reading.join(DEADLINE)
    book.take()
    errors = width * count // 5
    assert book.emissions == Counter(
        {
            ("a", "start", "start"): 1,
            ("a", "out", "event"): count,
            **{(f"m{n}", "out", "event"): count for n in range(width)},
            ("z", "error_continued", "error_continued"): errors,
            ("a", "completed", "completed"): 1,
        }
    )
    assert book.runs == Counter(
        {
            ("a", "trigger", "completed"): 1,
            **{(f"m{n}", "input", "completed"): count for n in range(width)},
            ("z", "input", "completed"): width * count - errors,
            ("z", "input", "error_continued"): errors,
        }
    )
    if limit is None:
        assert book.emissions == recount(job)
    figures: Any = job.execution_tracker.get_routine_performance("a")
    assert figures["total_executions"] == 1
    flow.shutdown()


def test_readers_attach_and_take_from_many_threads(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = fan(new_flow("flow", "concurrent", max_workers=4, history_limit=3), 3, 120)
    early = Librarian()
    flow.add_hook(early)
    job = flow.start("a")
    books = [early.books[job.job_id]]

    def join() -> None:
        for _ in range(5):
            librarian = Librarian()
            job.add_hook(librarian)
            book = librarian.books[job.job_id]
            books.append(book)
            for _ in range(5):
                book.take()

    threads = [threading.Thread(target=join) for _ in range(3)]
    for thread in threads:
        thread.start()
    over(job)
    for thread in threads:
        thread.join(DEADLINE)
    for book in books:
        book.take()
        assert book.emissions == books[0].emissions
        assert book.runs == books[0].runs
    assert books[0].emissions["m0", "out", "event"] == 120
