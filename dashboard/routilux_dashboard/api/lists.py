"""What a job has kept: history, log and outputs by range; data, states, metrics and actions whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ..protocol import OUTCOMES, RECORD_KINDS, HistoryPage, LogPage, OutputPage
from ..segments.history_query import PAGE_LIMIT, HistoryQuery
from .parameter import Moment, Number, Text, Word
from .route import Answer, Table
from .shapes import ControlStep, Data, Metrics, States

if TYPE_CHECKING:
    from .services import Services

TAG = "jobs"
AFTER = Number("after", "Rows after this number.")
BEFORE = Number("before", "Rows before this number; without `after`, the last ones before it.", least=1)
LIMIT = Number("limit", "How many rows at most.", least=1, most=PAGE_LIMIT, default=100)
Q = Text("q", "Only rows whose data, as JSON, have this text in them (of records, their names too); in any case.")
ROUTINE = Text("routine", "Only records of the routine with this id.")
EVENT = Text("event", "Only records of this event.")
KIND = Word("kind", "Only records of this kind.", RECORD_KINDS)
OUTCOME = Word("outcome", "Only records that led to a handler run that ended so.", OUTCOMES)
SINCE = Moment("since", "Only records made from this moment on: ISO 8601, or milliseconds since the epoch.")
UNTIL = Moment("until", "Only records made until this moment.")
RANGE = (AFTER, BEFORE, LIMIT, Q)
HISTORY = (AFTER, BEFORE, LIMIT, ROUTINE, EVENT, KIND, OUTCOME, SINCE, UNTIL, Q)
PROBLEMS = (404, 503)


def add(table: Table, services: Services) -> None:
    """Add the rows."""

    @table.get("/jobs/<job_id>/history", TAG, Answer(HistoryPage), query=HISTORY, problems=PROBLEMS)
    def history(job_id: str) -> Response:
        """Records of the history: a range of them, and of that what the filters let through.

        `first` and `last` are the seqs that are kept, `total` how many records were ever made.
        """
        query, job = history_query(), services.job(job_id)
        return services.native(lambda: services.past.history(job, query))

    @table.get("/jobs/<job_id>/log", TAG, Answer(LogPage), query=RANGE, problems=PROBLEMS)
    def log(job_id: str) -> Response:
        """Entries of the shared log."""
        query, job = range_query(), services.job(job_id)
        return services.native(lambda: services.past.log(job, query))

    @table.get("/jobs/<job_id>/outputs", TAG, Answer(OutputPage), query=RANGE, problems=PROBLEMS)
    def outputs(job_id: str) -> Response:
        """Outputs of the routines."""
        query, job = range_query(), services.job(job_id)
        return services.native(lambda: services.past.outputs(job, query))

    @table.get("/jobs/<job_id>/data", TAG, Answer(Data), problems=PROBLEMS)
    def data(job_id: str) -> Response:
        """The shared data."""
        return services.native(services.job(job_id).data)

    @table.get("/jobs/<job_id>/states", TAG, Answer(States), problems=PROBLEMS)
    def states(job_id: str) -> Response:
        """What routines stored as their state."""
        return services.native(services.job(job_id).states)

    @table.get("/jobs/<job_id>/metrics", TAG, Answer(Metrics), problems=PROBLEMS)
    def metrics(job_id: str) -> Response:
        """The execution tracker's figures."""
        return services.native(services.job(job_id).metrics)

    @table.get("/jobs/<job_id>/actions", TAG, Answer(list[ControlStep]), problems=PROBLEMS)
    def actions(job_id: str) -> Response:
        """Who asked for which control, when and why, and how far it came; oldest first, the newest 500."""
        return services.native(services.job(job_id).actions)


def range_query() -> HistoryQuery:
    """What a request for a range asks for."""
    return HistoryQuery(after=AFTER.read(), before=BEFORE.read(), limit=LIMIT.read() or 100, q=Q.read())


def history_query() -> HistoryQuery:
    """What a request for the history asks for."""
    return HistoryQuery(
        after=AFTER.read(),
        before=BEFORE.read(),
        limit=LIMIT.read() or 100,
        routine=ROUTINE.read(),
        event=EVENT.read(),
        kind=KIND.read(),
        outcome=OUTCOME.read(),
        since_ns=SINCE.read_ns(),
        until_ns=UNTIL.read_end_ns(),
        q=Q.read(),
    )
