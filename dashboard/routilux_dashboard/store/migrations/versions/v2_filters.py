"""Version 2: indices for filters, causes and effects and the job list; and the segment as of which a summary is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Create the indices and the column; in version 1 every summary was as of the last segment."""
    op.add_column("jobs", sa.Column("played", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE jobs SET played = n")
    op.create_index("chunks_range", "chunks", ["job_no", "kind", "first", "last", "first_ns", "last_ns", "mask"])
    op.create_index("chunks_cause", "chunks", ["job_no", "kind", "max_cause", "min_cause", "mask"])
    op.create_index("jobs_newest", "jobs", ["created_at", "job_id"])
