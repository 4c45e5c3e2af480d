"""The job list, one job, and its controls."""

from __future__ import annotations

from flask import Response, request

from ..jobs.job_search import JobsWanted, cursor_after, read_cursor
from ..protocol import JOB_STATUSES, JobSummary, StoreHealth, calls
from .services import Services, reply


def jobs(services: Services, call: calls.GetJobs) -> Response:
    wanted = JobsWanted(frozenset(call.status), call.flow, call.q, call.limit, read_cursor(call.cursor))
    services.live.settle()
    store = services.job_table.store_health()
    return services.in_worker(lambda: _page(*services.past.jobs(wanted), store))


def _page(jobs: list[JobSummary], more: bool, counts: dict[str, int], store: StoreHealth) -> calls.JobsPage:
    following = cursor_after(jobs[-1]) if more and jobs else None
    return calls.JobsPage(jobs, following, {status: counts.get(status, 0) for status in JOB_STATUSES}, store)


def job(services: Services, call: calls.GetJob) -> Response:
    return reply(services.job(call.job_id).view())


def pause(services: Services, call: calls.Pause) -> Response:
    return _control(services, call, "pause")


def resume(services: Services, call: calls.Resume) -> Response:
    return _control(services, call, "resume")


def step(services: Services, call: calls.Step) -> Response:
    return _control(services, call, "step")


def cancel(services: Services, call: calls.Cancel) -> Response:
    return _control(services, call, "cancel")


def _control(services: Services, call: calls.ControlCall, action: str) -> Response:
    found, by = services.job(call.job_id), f"dashboard ({request.remote_addr})"
    services.hub.run_native(lambda: services.controls.ask(found, action, call.body.reason, by))
    return reply(services.job(call.job_id).view().control, 202)
