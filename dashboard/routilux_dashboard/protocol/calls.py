"""Bodies of REST requests and of problem replies."""

from __future__ import annotations

from typing import Any

import msgspec


class StartJob(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /flows/{flow_id}/jobs`. `again` names a job whose entry and parameters are used as they were."""

    entry: str | None = None
    params: dict[str, Any] | None = None
    again: str | None = None


class ControlRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /jobs/{job_id}/pause|resume|cancel`."""

    reason: str = ""


class Problem(msgspec.Struct):
    """RFC 9457, `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
