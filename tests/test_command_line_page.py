"""docs/command-line.md names every command and every option, and shows what commands print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from routilux import Flow, JobState
from routilux_dashboard import Dashboard
from routilux_dashboard.cli import COMMANDS, main
from tests.dashboard.commands import call
from tests.dashboard.flows import Collector, Emitter
from tests.waiting import eventually
from tools.programs import problem

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
SAMPLE = "3f9c1b2a"
"""The id of the job in the page's examples."""


def command_of(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    assert re.search(rf"`(routilux )?{name}\b", PAGE), f"{name} is not documented"
    options = [word for option in command_of(name).params for word in option.opts if word.startswith("-")]
    missing = [word for word in options if not re.search(rf"[`\s]{re.escape(word)}(?![\w-])", PAGE)]
    assert missing == []


def test_every_documented_option_exists() -> None:
    known = {word for name in COMMANDS for option in command_of(name).params for word in option.opts}
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE))
    assert told - known - {"--help", "--version"} == set()


@pytest.mark.parametrize("option", ["kind", "outcome"])
def test_the_values_of_an_option_are_documented(option: str) -> None:
    (choice,) = [found.type for found in command_of("history").params if found.name == option]
    assert isinstance(choice, click.Choice)
    (row,) = re.findall(rf"^\| `--{option} .*$", PAGE, re.MULTILINE)
    assert re.findall(r"`([a-z_]+)`", row) == list(choice.choices)


def test_every_exit_code_is_documented() -> None:
    rows = re.findall(r"^\| (\d) \| ", PAGE, re.MULTILINE)
    assert rows == ["0", "1", "2", "3", "4"]


@pytest.fixture
def job() -> Iterator[tuple[Dashboard, str]]:
    flow = Flow("numbers")
    flow.add_routine(Emitter(), "source")
    flow.add_routine(Collector(), "sink")
    flow.connect("source", "item", "sink", "item")
    with Dashboard(flow, port=0) as dashboard:
        job_state = flow.start("source", {"count": 1000})
        JobState.wait_for_completion(flow, job_state, 20)
        yield dashboard, job_state.job_id


@pytest.mark.parametrize(("command", "block"), [("jobs", 0), ("show", 1)])
def test_commands_print_the_documented_output(job: tuple[Dashboard, str], command: str, block: int) -> None:
    dashboard, job_id = job
    promised = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[block].replace(SAMPLE, job_id[:8])

    def is_so() -> bool:
        printed = call(command, *([job_id] if command == "show" else []), "--server", dashboard.url, COLUMNS="80").out
        assert problem(squeezed(promised), squeezed(printed)) is None
        return True

    eventually(is_so)


def squeezed(text: str) -> str:
    """Tables without their padding, which depends on their contents."""
    return re.sub(r" +", " ", text)
