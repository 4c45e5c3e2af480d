"""docs/rest.md: its commands are run against a server, and its table has what the server describes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from routilux_dashboard import Dashboard
from tests.dashboard.flows import chain
from tests.dashboard.peers import get

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rest.md"


def commands() -> list[str]:
    """Every command of the page, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("curl")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_commands_succeed(tmp_path: Path) -> None:
    flow = chain(flow_id="census")
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db") as dashboard:
        job = flow.execute("emitter", {"count": 3, "text": "text"})
        names = {"SERVER": f"{dashboard.url}/api/v1", "JOB": job.job_id}
        found = commands()
        assert len(found) > 8
        for command in found:
            program = "".join(f"{name}={value}\n" for name, value in names.items())
            program += command.replace("curl -s", "curl -sS --fail-with-body")
            done = subprocess.run(
                ["bash", "-c", program], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_the_table_has_every_call() -> None:
    with Dashboard(port=0) as dashboard:
        described = get(dashboard, "/openapi.json")["paths"]
    text = PAGE.read_text(encoding="utf-8")
    for path in described:
        last = path.removeprefix("/jobs/{job_id}").rsplit("/", 1)[-1].removeprefix("recording.")
        assert path in text or f"/{last}`" in text or f".{last}`" in text, path
