"""`routilux demo`: a flow that processes real input, shown in the dashboard."""

from __future__ import annotations

import threading
import webbrowser

import click

from ..demos import Demo, demo_names, load_demo
from .jobs import cancel_jobs, end_like_ctrl_c, start_dashboard, store_option
from .usage import UsageProblem


@click.command()
@click.argument("name", default=demo_names()[0])
@click.option("--list", "list_them", is_flag=True, help="List the demos and leave.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@store_option
@click.option("--open", "open_browser", is_flag=True, help="Open the job's page in a browser.")
@click.option(
    "--pace", default=0.0, type=click.FloatRange(min=0), help="Seconds to wait after each step, for watching."
)
def demo(name: str, list_them: bool, host: str, port: int, store: str | None, open_browser: bool, pace: float) -> None:
    """Run the demo NAME (stdlib-census when none is given) and show its job in the dashboard."""
    if list_them:
        for known in map(load_demo, demo_names()):
            click.echo(f"{known.NAME:<20} {known.SUMMARY}")
        return
    try:
        chosen = load_demo(name)
    except ValueError as error:
        raise UsageProblem(str(error)) from None
    show(chosen, host, port, store, pace, open_browser=open_browser)


def show(chosen: Demo, host: str, port: int, store: str | None, pace: float, *, open_browser: bool) -> None:
    """Serve until Ctrl-C, even after the job has ended, so that its page can show it and run it again."""
    end_like_ctrl_c()
    flow = chosen.make_flow()
    another = "--port N; make demo PORT=N"
    with start_dashboard(flow, host=host, port=port, other_port=another, store=store) as dashboard:
        try:
            url = dashboard.url_of_job(flow.start(chosen.ENTRY, {"pace": pace}).job_id)
            click.echo(f"Dashboard: {url}")
            click.echo("Press Ctrl-C to stop.")
            if open_browser:
                webbrowser.open(url)
            threading.Event().wait()
        except KeyboardInterrupt:
            cancel_jobs(flow, by="routilux demo")
