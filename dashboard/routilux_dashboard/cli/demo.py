"""`routilux demo`: a flow that works on real input, with the dashboard."""

from __future__ import annotations

import importlib
import pkgutil
import threading
import webbrowser
from collections.abc import Iterator
from typing import Protocol, cast

import click

from routilux import Flow

from .. import demos
from .jobs import UsageProblem, cancel_jobs, end_like_ctrl_c, start_dashboard

DEFAULT = "stdlib-census"


class Demo(Protocol):
    """A module of `routilux_dashboard.demos` that can be run; its entry takes a parameter `pace` (seconds)."""

    NAME: str
    SUMMARY: str
    ENTRY: str

    def make_flow(self) -> Flow: ...


def find_demos() -> Iterator[Demo]:
    """The demos, by the names of their modules."""
    for found in pkgutil.iter_modules(demos.__path__):
        module = importlib.import_module(f"{demos.__name__}.{found.name}")
        if hasattr(module, "NAME") and hasattr(module, "make_flow"):
            yield cast(Demo, module)


@click.command()
@click.argument("name", default=DEFAULT)
@click.option("--list", "list_them", is_flag=True, help="List the demos and leave.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open the job's page in a browser.")
@click.option(
    "--pace", default=0.0, type=click.FloatRange(min=0), help="Seconds to wait after each step, for watching."
)
def demo(name: str, list_them: bool, host: str, port: int, open_browser: bool, pace: float) -> None:
    """Run the demo NAME (stdlib-census when none is given) and show its job in the dashboard."""
    known = {each.NAME: each for each in find_demos()}
    if list_them:
        for each in known.values():
            click.echo(f"{each.NAME:<20} {each.SUMMARY}")
        return
    if name not in known:
        raise UsageProblem(f"There is no demo {name!r}; there is: {', '.join(known)}")
    show(known[name], host, port, pace, open_browser=open_browser)


def show(chosen: Demo, host: str, port: int, pace: float, *, open_browser: bool) -> None:
    """Serve until Ctrl-C, also after the job has ended: it can be looked at and run again from its page."""
    end_like_ctrl_c()
    flow = chosen.make_flow()
    with start_dashboard(flow, host, port) as dashboard:
        try:
            url = dashboard.url_of_job(flow.start(chosen.ENTRY, {"pace": pace}).job_id)
            click.echo(f"Dashboard: {url}")
            click.echo("Press Ctrl-C to stop.")
            if open_browser:
                webbrowser.open(url)
            threading.Event().wait()
        except KeyboardInterrupt:
            cancel_jobs(flow, by="routilux demo")
