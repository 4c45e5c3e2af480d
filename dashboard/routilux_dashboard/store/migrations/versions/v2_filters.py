"""Version 2: filters of a long history, causes and effects, and the list of jobs look at indices instead of rows; a job
says as of when its summary is, so that figures may be brought up to date later than rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Make the indices and the column; until now every summary was up to date."""
    op.add_column("jobs", sa.Column("played", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE jobs SET played = n")
    op.create_index("chunks_range", "chunks", ["job_no", "kind", "first", "last", "first_ns", "last_ns", "mask"])
    op.create_index("chunks_cause", "chunks", ["job_no", "kind", "max_cause", "min_cause", "mask"])
    op.create_index("jobs_newest", "jobs", ["created_at", "job_id"])
