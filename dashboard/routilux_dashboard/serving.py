"""One run of a dashboard, from start to stop: the store, the recorder that fills it, and the server's threads."""

from __future__ import annotations

import socket

from . import api
from .api.services import Services
from .ingest.namespace import Intake
from .ingest.segment_ingest import Clerk
from .jobs.controls import JobControls
from .jobs.history import Past
from .jobs.job_table import JobTable
from .live.live_server import Live
from .protocol import NO_STORE
from .server.gate import Gate
from .server.guard import Names
from .server.hub import Hub
from .server.tokens import Tokens
from .sources.batch_loop import BatchLoop
from .sources.folding_sink import FoldingSink
from .sources.programs import Programs
from .sources.remote_source import RemoteSource
from .sources.stored_job_cache import StoredJobCache
from .store.store import Store
from .web import pages, prometheus

STORE_SECONDS = 10.0
"""How long `stop` waits for pending writes."""
CATCH_UP_SECONDS = 2.0
"""How long a query about a job waits for its latest records to be written."""


class Serving:
    """Everything that runs while a dashboard serves. Each start creates one; it can't be restarted after `stop`.

    Args:
        store: stores jobs, or `None`; `start` starts it.
        recorder: records this program's jobs into the store.
    """

    def __init__(
        self,
        job_table: JobTable,
        programs: Programs,
        recorder: BatchLoop,
        store: Store | None,
        names: Names,
        tokens: Tokens | None,
    ) -> None:
        self._job_table = job_table
        self._recorder = recorder
        self._store = store
        self._gate = (names, tokens)
        self._hub = Hub()
        self._application = pages.make_application()
        self._live = Live(self._application, job_table, self._hub)
        self._clerk = Clerk(job_table, store)
        self._intake = Intake(self._live.server, self._hub, job_table, programs, self._clerk, tokens)
        archive = job_table.archive = StoredJobCache(store) if store is not None else None
        services = Services(job_table, self._live, self._hub, JobControls(), Past(job_table, archive, self._catch_up))
        self._application.register_blueprint(api.blueprint(services))
        self._application.register_blueprint(pages.blueprint(services))
        self._application.register_blueprint(
            prometheus.blueprint(services, lambda: sum(program.connected for program in programs.all()))
        )

    def start(self, listener: socket.socket) -> None:
        """Serve on `listener`. Raises what `Store.start` raises; nothing is left running then."""
        store, job_table = self._store, self._job_table
        if store is not None:
            store.start()
            job_table.store_health = lambda: store.health
            self._recorder.start(FoldingSink(store))
        self._clerk.start()
        self._hub.start(listener, Gate(self._application, *self._gate), self._live.pump, self._live.farewell)
        self._hub.publish(self._intake.begin)
        job_table.wake = self._live.wake
        self._live.wake()  # report changes made in between

    def _catch_up(self) -> None:
        """Flush the latest records to the store, waiting for it at most `CATCH_UP_SECONDS`."""
        self._recorder.flush()
        if self._store is not None:
            self._store.flush(CATCH_UP_SECONDS)

    def stop(self) -> None:
        """Close every connection, store the latest records and end all threads."""
        self._job_table.wake = None
        self._hub.stop()
        self._clerk.stop()
        if self._store is not None:
            self._job_table.remove([job.job_id for job in self._job_table.jobs() if isinstance(job, RemoteSource)])
            self._recorder.stop()
            self._store.stop(STORE_SECONDS)
            self._job_table.store_health = lambda: NO_STORE
            self._job_table.archive = None
