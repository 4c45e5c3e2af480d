"""Version 1: jobs, and their rows in chunks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    counting = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    numbers = ("sign_ns", "written_ns", "n", "first_seq", "seq", "run")
    lists = ("first_log", "log", "first_output", "output", "size")
    texts = ("flow_id", "created_at", "origin", "owner", "writer", "words")
    op.create_table(
        "jobs",
        sa.Column("job_no", counting, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.Text, nullable=False, unique=True),
        sa.Column("status", sa.Text, nullable=False, server_default="pending"),
        sa.Column("ended", sa.Boolean, nullable=False, server_default="0"),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in texts),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in (*numbers, *lists)),
        sa.Column("summary", sa.LargeBinary),
    )
    op.create_table(
        "names",
        *_keys("job_no", "kind", "number"),
        sa.Column("name", sa.LargeBinary, nullable=False),
    )
    ranges = ("last", "first_ns", "last_ns", "min_cause", "max_cause", "mask")
    op.create_table(
        "chunks",
        *_keys("job_no", "kind", "first"),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ranges),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoints",
        *_keys("job_no", "n"),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "writers",
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("beat_ns", sa.BigInteger, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
    )


def _keys(*names: str) -> list[sa.Column[int]]:
    types = {"kind": sa.SmallInteger, "number": sa.Integer}
    return [sa.Column(name, types.get(name, sa.BigInteger), primary_key=True, autoincrement=False) for name in names]
