"""`/metrics` for Prometheus: metrics of jobs by flow and status, never by job, and of the server itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from ..jobs.history import Past
from ..jobs.job_table import JobTable
from ..live.live_server import Live
from ..protocol import JOB_STATUSES, Jobs

if TYPE_CHECKING:
    from ..api.services import Services

STORE_STATES = ("none", "ok", "behind", "failing")
FLOWS = 500
"""Flows that get their own series; the queues of the others are left out."""


class MetricsCollector(Collector):
    """Reads the job table and the store on each scrape. Totals never decrease: evicted jobs stay counted."""

    def __init__(self, job_table: JobTable, past: Past, live: Live, programs: Callable[[], int]) -> None:
        self._job_table = job_table
        self._past = past
        self._live = live
        self._programs = programs

    def describe(self) -> list[Metric]:
        """Return nothing: this is called on registration, too early to read the metrics."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the current value of every metric."""
        jobs = self._job_table.jobs_full()
        yield from self._jobs(jobs)
        yield from self._totals()
        yield from _store(jobs)
        yield from self._server()

    def _jobs(self, jobs: Jobs) -> Iterator[Metric]:
        everywhere = "Jobs in the list, by status: in memory and in the store; while that cannot be read, in memory."
        for name, about, counts in (
            ("routilux_jobs", everywhere, self._past.counts()),
            ("routilux_jobs_in_memory", "Those of them that are in memory.", jobs.counts),
        ):
            by_status = GaugeMetricFamily(name, about, labels=["status"])
            for status in JOB_STATUSES:
                by_status.add_metric([status], counts.get(status, 0))
            yield by_status
        queued, running = Counter[str](), Counter[str]()
        for job in jobs.jobs:
            queued[job.flow_id] += job.counts.queued
            running[job.flow_id] += job.counts.running
        for name, about, depths in (
            ("queued", "Activations that wait in jobs in memory, by flow.", queued),
            ("running", "Handlers that run in jobs in memory, by flow.", running),
        ):
            family = GaugeMetricFamily(f"routilux_{name}", about, labels=["flow"])
            for flow_id, count in sorted(depths.items())[:FLOWS]:
                family.add_metric([_label(flow_id)], count)
            yield family

    def _totals(self) -> Iterator[Metric]:
        events = CounterMetricFamily("routilux_events", "Events emitted.", labels=["flow"])
        runs = CounterMetricFamily("routilux_handler_runs", "Handler runs that ended.", labels=["flow", "outcome"])
        errors = CounterMetricFamily("routilux_errors", "Handler runs that failed.", labels=["flow"])
        for flow_id, done in sorted(self._job_table.done_by_flow().items()):
            flow = _label(flow_id)
            events.add_metric([flow], done.events)
            errors.add_metric([flow], done.errors)
            for outcome, count in (("completed", done.completed), ("error", done.errors), ("retry", done.retries)):
                runs.add_metric([flow, outcome], count)
        yield from (events, runs, errors)

    def _server(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("routilux_clients", "Browsers that are connected.", value=self._live.clients)
        yield GaugeMetricFamily("routilux_programs", "Programs elsewhere that are connected.", value=self._programs())
        yield CounterMetricFamily("routilux_frames", "Frames made of what happened.", value=self._live.frames)


def _store(jobs: Jobs) -> Iterator[Metric]:
    state = GaugeMetricFamily("routilux_store_state", "How the store is doing: 1 at its state.", labels=["state"])
    for name in STORE_STATES:
        state.add_metric([name], float(jobs.store.state == name))
    yield state
    waiting = "Rows that are held in memory until the store takes them."
    yield GaugeMetricFamily("routilux_store_waiting_rows", waiting, value=jobs.store.waiting)
    yield CounterMetricFamily("routilux_store_lost_rows", "Rows that are not kept, ever.", value=jobs.store.lost)
    thinned = "Records that programs elsewhere have left out, counted only: too much waited in them."
    yield CounterMetricFamily("routilux_thinned_records", thinned, value=jobs.store.thinned)


def _label(text: str) -> str:
    """A flow's id with the characters replaced that UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()


def make_registry(services: Services, programs: Callable[[], int]) -> CollectorRegistry:
    """Create a registry for this dashboard, with process metrics. `programs` returns how many are connected."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(MetricsCollector(services.job_table, services.past, services.live, programs))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def blueprint(services: Services, programs: Callable[[], int] = lambda: 0) -> Blueprint:
    """Create the route."""
    routes = Blueprint("prometheus", __name__)
    registry = make_registry(services, programs)

    @routes.get("/metrics")
    def metrics() -> Response:
        services.live.settle()
        text = services.hub.run_native(lambda: generate_latest(registry))
        response = Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
