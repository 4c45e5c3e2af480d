"""Query jobs and their history (lists, ranges, past states), whether in memory, in the store, or partly in both.

Everything here may wait for a disk, so it is called in native threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from ..fold.playback import Playback
from ..protocol import PAGE_LIMIT, Causes, Effects, HistoryPage, Job, JobSummary, LogPage, OutputPage
from ..recording.film import Film, film_from_store
from ..segments.cut import cut_at_seq, cut_at_time
from ..segments.history_query import HistoryQuery
from ..segments.segment import Segment
from ..sources.local_source import LocalSource
from ..sources.memory_film import film_from_memory
from ..sources.memory_history import MemoryHistory
from ..sources.memory_rows import page_of_rows
from ..sources.remote_source import RemoteSource
from ..sources.stored_job_cache import StoredJobCache
from ..sources.stored_source import StoredSource, as_stored
from ..store import JobQuery, Store, StoreFailed
from ..times import iso, iso_ns
from .job import JobSource
from .job_search import JobsWanted, counted, place
from .job_table import JobTable

T = TypeVar("T")
LARGEST = 2**53
"""Above any record number."""
_NOT_READ = (LookupError, StoreFailed)


class NotRetained(LookupError):
    """The requested data does not exist or is no longer kept; the message says why."""


class StoreRequired(Exception):
    """The request needs a store, and this server has none."""


class Past:
    """Answers queries the same way wherever a job is kept. Has no state of its own.

    Args:
        job_table: the jobs in memory.
        archive: the jobs in the store, if there is one.
        settle: flushes everything up to now to the store, and waits for it for a limited time.
    """

    def __init__(
        self, job_table: JobTable, archive: StoredJobCache | None = None, settle: Callable[[], object] = lambda: None
    ) -> None:
        self._job_table = job_table
        self._archive = archive
        self._settle = settle

    def find(self, job_id: str) -> StoredSource:
        """A job that is only in the store. Raises `LookupError` if it is not there or there is no store."""
        if self._archive is None:
            raise LookupError(f"There is no job {job_id!r}")
        try:
            return self._archive.find(job_id)
        except LookupError:
            self._settle()  # it may just have been evicted from memory
            return self._archive.find(job_id)

    # -- the list

    def jobs(self, wanted: JobsWanted) -> tuple[list[JobSummary], bool, dict[str, int]]:
        """A page of jobs, whether there are more, and how many match by status. While the store fails, memory only."""
        here = self._job_table.jobs_full().jobs
        found = [job for job in here if wanted.matches(job)]
        rows = [job for job in found if wanted.shows(job)]
        counts, more = Counter(counted(found)), False
        if self._archive is not None:
            try:
                stored = self._archive.store.jobs(JobQuery(*wanted, [job.job_id for job in here]))
            except StoreFailed:
                pass
            else:
                rows += map(as_stored, stored.jobs)
                counts.update(stored.counts)
                more = stored.more
        rows.sort(key=place, reverse=True)
        return rows[: wanted.limit], more or len(rows) > wanted.limit, counts

    def counts(self) -> dict[str, int]:
        """The number of jobs by status, as in the list."""
        return self.jobs(JobsWanted(frozenset(), None, None, 0, None))[2]

    # -- one job

    def history(self, job: JobSource, query: HistoryQuery) -> HistoryPage:
        """The records that `query` selects."""
        if isinstance(job, LocalSource):
            return self._of_both(job, query)
        if isinstance(job, RemoteSource) and self._archive is None:
            return job.history(query)
        self._catch_up(job)
        return self._in_store(job).history(job.job_id, query)

    def causes(self, job: JobSource, seq: int) -> Causes:
        """The records that led to a record. Raises `NotRetained`."""
        _check(seq)
        found = _held(job).causes(seq) if isinstance(job, LocalSource) else None
        if (found is None or not found.complete) and (self._archive is not None or not isinstance(job, LocalSource)):
            found = self._ask(job, lambda store: store.causes(job.job_id, seq)) or found
        return _kept(found, seq)

    def effects(self, job: JobSource, seq: int) -> Effects:
        """The direct effects of a record. Raises `NotRetained`."""
        _check(seq)
        found: Effects | None = None
        if self._archive is not None or not isinstance(job, LocalSource):
            found = self._ask(job, lambda store: store.effects(job.job_id, seq))
        if found is None and isinstance(job, LocalSource):
            found = _held(job).effects(seq)
        return _kept(found, seq)

    def log(self, job: JobSource, query: HistoryQuery) -> LogPage:
        """Entries of the shared log, by the range and text of `query`."""
        page = job.log(0, 0)
        if self._reaches(job, page.first):
            found = self._ask(job, lambda store: store.log(job.job_id, query))
            if found is not None:
                return found
        rows = page_of_rows(lambda after, limit: job.log(after, limit).entries, page, query, lambda row: row.entry)
        return LogPage(rows, page.first, page.last, page.total)

    def outputs(self, job: JobSource, query: HistoryQuery) -> OutputPage:
        """Outputs, by the range and text of `query`."""
        page = job.outputs(0, 0)
        if self._reaches(job, page.first):
            found = self._ask(job, lambda store: store.outputs(job.job_id, query))
            if found is not None:
                return found
        rows = page_of_rows(lambda after, limit: job.outputs(after, limit).outputs, page, query, lambda row: row.data)
        return OutputPage(rows, page.first, page.last, page.total)

    def at(self, job: JobSource, seq: int | None, t_ns: int | None) -> Job:
        """The job as it was at a record or at a time. Raises `NotRetained` or `StoreRequired`."""
        created = job.summary.created_at
        if t_ns is not None and iso(t_ns) < created:
            raise NotRetained(f"job {job.job_id} was made later, at {created}")
        try:
            if isinstance(job, LocalSource) and not self._is_stored(job):
                return _played(film_from_memory(job).segments, seq, t_ns)
            store = self._in_store(job)
            self._catch_up(job)
            playback = store.playback(job.job_id, seq, t_ns)
            sign_ns = _last_sign_ns(job)
            if t_ns is not None and sign_ns is not None and t_ns >= sign_ns:
                playback.mark_lost(sign_ns)
            return playback.job()
        except LookupError as error:
            raise NotRetained(str(error)) from None

    def recordable(self, job: JobSource) -> Film:
        """The whole film of a job up to now. Raises `StoreRequired`."""
        if isinstance(job, LocalSource) and not self._is_stored(job):
            return film_from_memory(job)
        store = self._in_store(job)
        self._catch_up(job)
        return film_from_store(job.job_id, store)._replace(last_sign_ns=_last_sign_ns(job))

    def store(self) -> Store:
        """The store to import recordings into. Raises `StoreRequired`."""
        if self._archive is None:
            raise StoreRequired("a recording is taken into a store, and this server has none")
        return self._archive.store

    def _is_stored(self, job: LocalSource) -> bool:
        """Whether the store has a job of this program; it has not if it has been failing since before the job began."""
        if self._archive is None:
            return False
        self._catch_up(job)
        return self._ask(job, lambda store: store.summary(job.job_id), fresh=False) is not None

    # -- memory and store together

    def _of_both(self, job: LocalSource, query: HistoryQuery) -> HistoryPage:
        """Combine memory (the newest records, usually all) and the store (older ones, run outcomes, faster search)."""
        held = _held(job)
        if self._archive is None:
            return held.history(query)
        if not query.plain:
            found = self._searched(job, held, query)
            if found is not None:
                return found
        here = held.history(query)
        if here.first <= 1:
            return here
        earlier = msgspec.structs.replace(query, before=min(query.last + 1, here.first))
        if query.backwards:
            return self._before(here, job, msgspec.structs.replace(earlier, limit=query.limit - len(here.records)))
        before = self._ask(job, lambda store: store.history(job.job_id, earlier), fresh=False)
        return here if before is None else _joined(before, held, here.first, query)

    def _searched(self, job: LocalSource, held: MemoryHistory, query: HistoryQuery) -> HistoryPage | None:
        """The store's matches, followed by those in memory among records not yet written.

        `None` if many are not yet written: the store is far behind, so the caller searches memory instead.
        """
        found = self._ask(job, lambda store: store.history(job.job_id, query))
        if found is None:
            return None
        newest = held.history(HistoryQuery(after=found.last, limit=0))
        if newest.last - found.last > PAGE_LIMIT:
            return None
        if not query.backwards:
            return _joined(found, held, found.last + 1, query)
        tail = held.history(msgspec.structs.replace(query, after=found.last, limit=PAGE_LIMIT)).records
        records = (found.records + tail)[-query.limit :]
        return HistoryPage(records, found.first, newest.last, newest.total, found.searched_to)

    def _before(self, here: HistoryPage, job: LocalSource, earlier: HistoryQuery) -> HistoryPage:
        """A backwards page, extended by the store's earlier records."""
        wanted = earlier if earlier.limit > 0 and here.searched_to is None else None
        query = wanted or msgspec.structs.replace(earlier, limit=1, before=1)  # for `first` alone
        before = self._ask(job, lambda store: store.history(job.job_id, query), fresh=False)
        if before is None:
            return here
        searched_to = before.searched_to if wanted is not None else here.searched_to
        return HistoryPage(before.records + here.records, before.first, here.last, here.total, searched_to)

    def _in_store(self, job: JobSource) -> Store:
        if self._archive is None:
            raise StoreRequired(f"nothing is kept of job {job.job_id} beyond memory: this server has no store")
        return self._archive.store

    def _reaches(self, job: JobSource, first: int) -> bool:
        """Whether the store may have more rows than memory, whose first row has number `first`."""
        return self._archive is not None and (first > 1 or not isinstance(job, LocalSource))

    def _catch_up(self, job: JobSource) -> None:
        if not isinstance(job, StoredSource):
            self._settle()

    def _ask(self, job: JobSource, question: Callable[[Store], T], *, fresh: bool = True) -> T | None:
        """The store's answer; `None` if it has none, or if it cannot be read and memory may still have one."""
        store = self._in_store(job)
        if fresh:
            self._catch_up(job)
        try:
            return question(store)
        except _NOT_READ as error:
            if isinstance(error, StoreFailed) and not isinstance(job, LocalSource):
                raise
            return None


def _joined(before: HistoryPage, held: MemoryHistory, first_here: int, query: HistoryQuery) -> HistoryPage:
    """A forwards page: the records of `before`, then those in memory from `first_here` on."""
    rest = query.limit - len(before.records)
    after = max(query.after or 0, first_here - 1)
    here = held.history(msgspec.structs.replace(query, after=after, limit=max(rest, 0)))
    if before.searched_to is not None or rest <= 0:
        return HistoryPage(before.records, before.first, here.last, here.total, before.searched_to)
    return HistoryPage(before.records + here.records, before.first, here.last, here.total, here.searched_to)


def _played(segments: Iterable[Segment], seq: int | None, t_ns: int | None) -> Job:
    """A job at a moment of its film. Raises `LookupError` if the film does not reach it."""
    playback = Playback()
    for segment in segments:
        part = segment
        if seq is not None:
            part = cut_at_seq(segment, seq)
        elif t_ns is not None:
            part = cut_at_time(segment, t_ns)
        playback.add(part)
        if part is not segment:
            break
    if seq is not None and playback.seq < seq:
        raise LookupError(f"There is no record {seq} yet: there are {playback.seq}")
    return playback.job()


def _last_sign_ns(job: JobSource) -> int | None:
    """The time of the last sign of life from a lost job's program."""
    summary = job.summary
    return iso_ns(summary.last_sign) if summary.status == "lost" and summary.last_sign is not None else None


def _held(job: LocalSource) -> MemoryHistory:
    return MemoryHistory(job.job_state, job.runs, job.mask)


def _check(seq: int) -> None:
    if seq >= LARGEST:
        _kept(None, seq)


def _kept(found: T | None, seq: int) -> T:
    if found is None:
        raise NotRetained(f"there is no record {seq} of this job, or none any more")
    return found
