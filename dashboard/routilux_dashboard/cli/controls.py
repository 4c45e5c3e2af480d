"""`routilux pause`, `resume`, `cancel` and `step`: control a job."""

from __future__ import annotations

import time
from typing import Any

import click

from ..protocol import ENDED, Control, Job
from .asking import asks_server, print_json
from .client import ServerClient, ServerError
from .job_names import find_job, path_of
from .output import console, text_of
from .show import still_running

HELP = {
    "pause": "Pause JOB: no further handler starts; what waits is kept.",
    "resume": "Resume JOB, which is paused: each waiting message is handled once, in its order.",
    "cancel": "Cancel JOB: what waits is dropped, running handlers are told.",
    "step": "Let JOB, which is paused, run one handler, and pause again.",
}
_EVERY = 0.25
"""Seconds between polls of a job while waiting for its control."""
_OVER = ENDED | {"lost"}


def control(action: str) -> click.Command:
    """Create the command for `action`."""

    @click.command(
        action, help=f"{HELP[action]} JOB is an id, or the beginning of one; exits with 1 when it makes no sense."
    )
    @click.argument("job")
    @click.option("--reason", default="", metavar="TEXT", help="Why; it is shown with the job.")
    @click.option("--wait", is_flag=True, help="Wait until it has taken effect, and show what it waits for.")
    @click.option(
        "--timeout", default=60.0, show_default=True, type=click.FloatRange(0), metavar="SECONDS",
        help="How long to wait at most.",
    )  # fmt: skip
    @asks_server
    def asked(client: ServerClient, job: str, reason: str, wait: bool, timeout: float, as_json: bool) -> None:
        job_id = find_job(client, job)
        client.post(f"{path_of(job_id)}/{action}", {"reason": reason})
        found = client.get(path_of(job_id))
        if wait:
            found = wait_for(client, action, found, timeout)
        if as_json:
            print_json({"job_id": job_id, "status": found.get("status"), "control": found.get("control")})
        else:
            console().print(text_of(told(client.as_shape(Job, found), action)), soft_wrap=True)

    return asked


pause, resume, cancel, step = map(control, ("pause", "resume", "cancel", "step"))


def wait_for(client: ServerClient, action: str, found: Any, timeout: float) -> Any:
    """Poll the job until the control has taken effect. Raises `ServerError` if it can't, or on timeout."""
    deadline = time.monotonic() + timeout
    job = client.as_shape(Job, found)
    if has_effect(job, action):
        return found
    with console(stderr=True).status(text_of(told(job, action))) as shown:
        while not has_effect(job, action):
            if time.monotonic() >= deadline:
                raise ServerError(f"Not yet after {timeout:g} s. {told(job, action)}")
            time.sleep(_EVERY)
            found = client.get(path_of(job.job_id))
            job = client.as_shape(Job, found)
            shown.update(text_of(told(job, action)))
    return found


def has_effect(job: Job, action: str) -> bool:
    """Return whether the control has taken effect. Raises `ServerError` if it no longer can."""
    if has_taken_effect(job.control, action):
        return True
    if action == "cancel" and job.status == "cancelled":
        return True
    if job.status in _OVER:
        raise ServerError(f"Job {job.job_id} is {job.status}; the {action} has had no effect.")
    if job.control.action != action:
        raise ServerError(f"Job {job.job_id}: {job.control.action} has taken the place of the {action}.")
    return False


def has_taken_effect(control: Control, action: str) -> bool:
    """Return whether `action` is the latest control and has taken effect."""
    return control.action == action and control.state == "effective"


def told(job: Job, action: str) -> str:
    """Describe the control's progress in a sentence."""
    control = job.control
    if has_taken_effect(control, action):
        return f"Job {job.job_id} is {job.status}."
    waits = f"; {still_running(control)}" if control.waiting_for else ""
    return f"Job {job.job_id} is {job.status}; {control.action or action} is {control.state or 'asked'}{waits}."
