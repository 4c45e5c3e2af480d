"""`routilux open`: open a job's page in the browser."""

from __future__ import annotations

import webbrowser

import click

from .asking import asks_server, print_json
from .client import ServerClient, ServerError
from .job_names import find_job, path_of
from .output import console, text_of


@click.command("open")
@click.argument("job", required=False)
@asks_server
def open_page(client: ServerClient, job: str | None, as_json: bool) -> None:
    """Open the page of JOB (an id, or the beginning of one) in a browser, or that of all jobs; print where it is."""
    if job is None:
        client.get("/healthz")
        url = client.server
    else:
        path = path_of(find_job(client, job))
        client.get(path)  # report an unknown job here, not in the browser
        url = f"{client.server}{path}"
    if as_json:
        print_json({"url": url})
    else:
        console().print(text_of(url), soft_wrap=True)
    if not webbrowser.open(url):
        raise ServerError("No browser can be started here; open the page above yourself.")
