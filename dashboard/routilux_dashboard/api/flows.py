"""Flows: their structure, and starting jobs of them."""

from __future__ import annotations

from flask import Response, url_for

from ..protocol import calls
from .services import Services, reply


def flows(services: Services, _call: calls.GetFlows) -> Response:
    job_table = services.job_table
    return services.in_worker(lambda: calls.FlowList([flow.definition() for flow in job_table.flows_by_id().values()]))


def flow(services: Services, call: calls.GetFlow) -> Response:
    services.flow(call.flow_id)
    return services.in_worker(lambda: services.job_table.definition(call.flow_id))


def start(services: Services, call: calls.PostJob) -> Response:
    found, wanted = services.flow(call.flow_id), call.body
    template_job = services.job(wanted.again) if wanted.again is not None else None
    job_id = services.hub.run_native(lambda: services.controls.start(found, wanted, template_job))
    return reply(services.job(job_id).view(), 201, Location=url_for("api.job", job_id=job_id))
