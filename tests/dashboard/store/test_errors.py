"""A database that cannot be written: no caller waits, the store says why, and writes its queue later."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from routilux_dashboard.fold.checkpoints import CheckpointSchedule, figures_of
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.store import Store, StoreFailed
from tests.dashboard.store.conftest import OpenStore
from tests.dashboard.store.made_up import MadeUpJob
from tests.dashboard.store.servers import PostgresServer
from tests.waiting import eventually


class Trouble:
    """A job that is put into a store which may be in trouble."""

    def __init__(self, store: Store, job_id: str = "job-1", padding: str = "") -> None:
        self.store = store
        self.segments: list[Segment] = []
        self._job = MadeUpJob(job_id, padding=padding)
        self._playback, self._schedule = Playback(), CheckpointSchedule()

    def put(self, count: int = 5, rows: int = 20) -> None:
        """Put some more; `put` never waits."""
        for _ in range(count):
            segment = self._job.next(rows)
            self._playback.add(segment)
            needed = self.store.needs_checkpoint(segment.job_id)
            figures = figures_of(self._playback, self._schedule, needed=needed)
            began = time.thread_time()
            assert self.store.put([segment], [figures])
            assert time.thread_time() - began < 0.5
            self.segments.append(segment)

    def fails(self, *words: str) -> None:
        """The store says that nothing is kept, why and since when."""
        health = eventually(self._failing, within=30, what="the store says that it fails")
        for word in words:
            assert word in health.reason
        assert health.since is not None
        assert self.store.place in health.reason

    def _failing(self):  # type: ignore[no-untyped-def]
        health = self.store.health
        return health if health.state == "failing" else None

    def recovers(self) -> None:
        """Everything is written after all, once."""
        assert self.store.flush(60), self.store.health
        eventually(lambda: self.store.health.state == "ok", what="the store is well again")
        assert (self.store.health.waiting, self.store.health.reason) == (0, "")
        assert list(self.store.segments(self.segments[0].job_id)) == self.segments
        with self.store._database.reading() as connection:
            text = "SELECT SUM(last - first + 1) FROM chunks WHERE kind = 0"
            assert connection.exec_driver_sql(text).scalar_one() == self.segments[-1].seq


Disk = Callable[..., Path]
_disks = count()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes a file system of its own, of so many megabytes, in memory."""
    mounted: list[Path] = []

    def make(megabytes: int = 4) -> Path:
        folder = tmp_path / f"disk{next(_disks)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "routilux", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
            pytest.skip("a small disk of its own can be made by root only")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_reported_and_the_queue_is_written_once_there_is_space(
    small_disk: Disk, open_store: OpenStore
) -> None:
    disk = small_disk(4)
    trouble = Trouble(open_store(disk / "jobs.db"), padding=f',"much":"{"x" * 500}"')
    trouble.put()
    assert trouble.store.flush()
    (disk / "filling").write_bytes(b"x" * shutil.disk_usage(disk).free)
    trouble.put(5, 2_000)
    trouble.fails("the disk is full; free some space")
    assert trouble.store.health.waiting > 10_000
    assert list(trouble.store.segments("job-1"))[:5] == trouble.segments[:5]  # reading still works
    trouble.put(2)
    (disk / "filling").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    trouble.recovers()


def test_a_read_only_file_system_is_reported(small_disk: Disk, open_store: OpenStore) -> None:
    disk = small_disk(16)
    with Store(str(disk / "jobs.db")) as store:
        before = Trouble(store, "before")
        before.put()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    trouble = Trouble(open_store(disk / "jobs.db"))
    trouble.put()
    trouble.fails("it is read-only; allow this user to write the file and its folder")
    assert list(trouble.store.segments("before")) == before.segments  # stored jobs can be read
    assert [job.job_id for job in trouble.store.jobs().jobs] == ["before"]
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert trouble.store.flush(60)
    assert list(trouble.store.segments("job-1")) == trouble.segments
    assert list(trouble.store.segments("before")) == before.segments


def test_a_read_only_connection_is_reported(tmp_path: Path, open_store: OpenStore) -> None:
    path = tmp_path / "jobs.db"
    with Store(str(path)) as store:
        Trouble(store).put()
    trouble = Trouble(open_store(f"sqlite:///file:{path}?mode=ro&uri=true"), "job-2")
    trouble.put()
    trouble.fails("it is read-only; allow this user to write the file")
    assert trouble.store.last_segments(["job-1"]) == {"job-1": 5}


LOOKING = """
import os, sys
from routilux_dashboard.store import Store
with Store(sys.argv[2]):
    pass  # import everything first: the other user may not be allowed to read it
if os.getuid() == 0:
    os.setuid(65534)
with Store(sys.argv[1]) as store:
    print(store.health.state, store.health.reason)
    print(store.last_segments(["job-1"]))
"""


def test_a_file_in_a_folder_that_this_user_may_not_write_can_be_read(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs 1.db"
        with Store(str(path)) as store:
            Trouble(store).put()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        command = [sys.executable, "-c", LOOKING, str(path), str(tmp_path / "other.db")]
        looked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        Path(folder).chmod(0o755)
    assert looked.returncode == 0, looked.stderr
    state, last = looked.stdout.splitlines()
    assert state.startswith(f"failing {path}: it is read-only; allow this user to write the file")
    assert last == "{'job-1': 5}"


LOCKING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_file_locked_by_another_process_is_reported(tmp_path: Path, open_store: OpenStore) -> None:
    trouble = Trouble(open_store(tmp_path / "jobs.db"))
    trouble.put()
    assert trouble.store.flush()
    command = [sys.executable, "-c", LOCKING, str(tmp_path / "jobs.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locking:
        assert locking.stdout is not None
        assert locking.stdout.readline() == b"locked\n"
        trouble.put()
        trouble.fails("another process has locked it")
        assert trouble.store.last_segments(["job-1"]) == {"job-1": 5}  # reading still works
        trouble.put()
        locking.communicate()
    trouble.recovers()


@pytest.mark.parametrize("content", [b"This is no database.\n" * 500, b"SQLite format 3\x00" + b"\xff" * 9_000])
def test_a_file_that_is_not_a_database_is_reported_and_replaced_once_it_is_moved(
    tmp_path: Path, open_store: OpenStore, content: bytes
) -> None:
    path = tmp_path / "jobs.db"
    path.write_bytes(content)
    trouble = Trouble(open_store(path))
    trouble.put()
    trouble.fails("damaged; move it away, and a new one is created")
    with pytest.raises(StoreFailed, match="damaged; move it away"):
        trouble.store.jobs()
    assert path.read_bytes() == content
    path.rename(tmp_path / "damaged.db")
    trouble.recovers()


def test_a_damaged_page_is_reported(tmp_path: Path, open_store: OpenStore) -> None:
    path = tmp_path / "jobs.db"
    with Store(str(path)) as store:
        for number in range(30):
            Trouble(store, f"job-{number}", padding=f',"much":"{"x" * 100}"').put(5, 200)
        assert store.flush(60)
    with sqlite3.connect(path) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'chunks'").fetchone()[0]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:  # the table's root, and pages here and there
        for page in (root, *range(20, pages, 40)):
            file.seek((page - 1) * 4096)
            file.write(os.urandom(4096))
    trouble = Trouble(open_store(path), "job-new")
    trouble.put()
    trouble.fails("the file is damaged; move it away, and a new one is created")
    with pytest.raises(StoreFailed, match="damaged"):
        trouble.store.history("job-7", HistoryQuery())
    path.rename(tmp_path / "damaged.db")
    for rest in ("-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    trouble.recovers()


def test_a_truncated_file_is_reported(tmp_path: Path, open_store: OpenStore) -> None:
    path = tmp_path / "jobs.db"
    with Store(str(path)) as store:
        Trouble(store, "before").put(20, 500)
        assert store.flush(60)
    os.truncate(path, 50_000)
    trouble = Trouble(open_store(path))
    trouble.put()
    trouble.fails("the file is damaged; move it away")
    path.unlink()
    trouble.recovers()


def test_a_job_continues_in_a_new_file_after_its_own_was_moved_away(tmp_path: Path, open_store: OpenStore) -> None:
    path = tmp_path / "jobs.db"
    trouble = Trouble(open_store(path))
    trouble.put()
    assert trouble.store.flush()
    path.rename(tmp_path / "elsewhere.db")
    trouble.put(1)
    assert trouble.store.flush()
    assert trouble.store.needs_checkpoint("job-1")
    trouble.put(4)
    assert trouble.store.flush()
    assert not trouble.store.needs_checkpoint("job-1")
    played = Playback()
    for segment in trouble.segments:
        played.add(segment)
    assert trouble.store.playback("job-1").job() == played.job()  # nothing of its figures is forgotten
    page = trouble.store.history("job-1", HistoryQuery())
    assert (page.first, page.last, page.records[0].routine_id) == (101, 200, "sink")
    assert list(trouble.store.segments("job-1")) == trouble.segments[5:]
    with pytest.raises(LookupError):
        trouble.store.playback("job-1", seq=50)


def test_a_missing_folder_is_reported_until_it_exists(tmp_path: Path, open_store: OpenStore) -> None:
    trouble = Trouble(open_store(tmp_path / "missing" / "jobs.db"))
    trouble.put()
    trouble.fails("it cannot be opened; check that its folder exists")
    (tmp_path / "missing").mkdir()
    trouble.recovers()


def test_a_stopped_database_server_is_reported_until_it_is_back(
    postgresql: PostgresServer, open_store: OpenStore
) -> None:
    trouble = Trouble(open_store(postgresql.new_database("stopped")))
    trouble.put()
    assert trouble.store.flush(60)
    postgresql.stop()
    try:
        trouble.put()
        trouble.fails("the database does not respond as expected")
        with pytest.raises(StoreFailed, match="does not respond"):
            trouble.store.jobs()
        trouble.put()
    finally:
        postgresql.start()
    trouble.recovers()


def test_an_unreachable_server_is_reported_without_its_password(open_store: OpenStore) -> None:
    store = open_store("postgresql://me:secret@127.0.0.1:9/runs")
    trouble = Trouble(store)
    trouble.put()
    trouble.fails("127.0.0.1:9/runs")
    assert store.place == "postgresql://me:***@127.0.0.1:9/runs"
    assert "secret" not in store.health.reason


def test_a_failing_store_stops_in_time(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "missing" / "jobs.db"))
    store.start()
    Trouble(store).put()
    began = time.monotonic()
    store.stop(timeout=0.5)
    assert time.monotonic() - began < 10
