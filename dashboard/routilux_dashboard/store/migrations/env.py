"""Run by Alembic: migrates over the connection that `schema.bring_up` hands it, within that one's transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
