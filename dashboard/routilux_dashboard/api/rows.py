"""The parts of a job: history, log and outputs by range; data, states, metrics and controls; the job at a moment."""

from __future__ import annotations

from flask import Response

from ..protocol import calls
from ..segments.history_query import HistoryQuery
from .problems import RequestError
from .services import Services


def history(services: Services, call: calls.GetHistory) -> Response:
    query = HistoryQuery(
        after=call.after,
        before=call.before,
        limit=call.limit,
        routine=call.routine,
        event=call.event,
        kind=call.kind,
        outcome=call.outcome,
        since_ns=call.since.first_ns if call.since is not None else None,
        until_ns=call.until.last_ns if call.until is not None else None,
        q=call.q,
    )
    job = services.job(call.job_id)
    return services.in_worker(lambda: services.past.history(job, query))


def log(services: Services, call: calls.GetLog) -> Response:
    job = services.job(call.job_id)
    return services.in_worker(lambda: services.past.log(job, _range(call)))


def outputs(services: Services, call: calls.GetOutputs) -> Response:
    job = services.job(call.job_id)
    return services.in_worker(lambda: services.past.outputs(job, _range(call)))


def data(services: Services, call: calls.GetData) -> Response:
    return services.in_worker(services.job(call.job_id).data)


def states(services: Services, call: calls.GetStates) -> Response:
    return services.in_worker(services.job(call.job_id).states)


def metrics(services: Services, call: calls.GetMetrics) -> Response:
    return services.in_worker(services.job(call.job_id).metrics)


def actions(services: Services, call: calls.GetActions) -> Response:
    return services.in_worker(services.job(call.job_id).actions)


def causes(services: Services, call: calls.GetCauses) -> Response:
    job = services.job(call.job_id)
    return services.in_worker(lambda: services.past.causes(job, call.seq))


def effects(services: Services, call: calls.GetEffects) -> Response:
    job = services.job(call.job_id)
    return services.in_worker(lambda: services.past.effects(job, call.seq))


def at(services: Services, call: calls.GetJobAt) -> Response:
    seq, t_ns = call.seq, call.t.last_ns if call.t is not None else None
    if (seq is None) == (t_ns is None):
        raise RequestError(400, "Which moment?", "Send either seq (of a record) or t (a time).")
    job = services.job(call.job_id)
    return services.in_worker(lambda: services.past.at(job, seq, t_ns))


def _range(call: calls.GetLog | calls.GetOutputs) -> HistoryQuery:
    return HistoryQuery(after=call.after, before=call.before, limit=call.limit, q=call.q)
