"""How a job came to be as it is: the causes and effects of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ..film.trail import Causes, Effects
from .route import Answer, Table

if TYPE_CHECKING:
    from .services import Services

TAG = "jobs"
PROBLEMS = (404, 503)


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
