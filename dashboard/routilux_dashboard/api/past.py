"""How a job came to be as it is: the causes and effects of a record, and the job at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ..fold.causality import Causes, Effects
from ..protocol import Job
from .parameter import Moment, Number
from .problems import Refused
from .route import Answer, Table

if TYPE_CHECKING:
    from .services import Services

TAG = "jobs"
PROBLEMS = (404, 409, 503)
SEQ = Number("seq", "The job as it was when this record was made; 0 is before the first.")
T = Moment("t", "The job as it was at this moment: ISO 8601, or milliseconds since the epoch.")


def add(table: Table, services: Services) -> None:
    """Add the rows."""

    @table.get("/jobs/<job_id>/history/<int:seq>/causes", TAG, Answer(Causes), problems=PROBLEMS)
    def causes(job_id: str, seq: int) -> Response:
        """What led to a record: the chain of its causes, from the first to itself."""
        job = services.job(job_id)
        return services.native(lambda: services.past.causes(job, seq))

    @table.get("/jobs/<job_id>/history/<int:seq>/effects", TAG, Answer(Effects), problems=PROBLEMS)
    def effects(job_id: str, seq: int) -> Response:
        """What a record led to at once: handler runs, and the records that these made."""
        job = services.job(job_id)
        return services.native(lambda: services.past.effects(job, seq))

    @table.get("/jobs/<job_id>/at", TAG, Answer(Job), query=(SEQ, T), problems=PROBLEMS)
    def at(job_id: str) -> Response:
        """A job as it was, at a record (`seq`) or at a time (`t`): one of the two is needed.

        404 for a moment that is not kept; 409 on a server without a store.
        """
        seq, t_ns = SEQ.read(), T.read_end_ns()
        if (seq is None) == (t_ns is None):
            raise Refused(400, "Which moment?", "Send either seq (of a record) or t (a time).")
        job = services.job(job_id)
        return services.native(lambda: services.past.at(job, seq, t_ns))
