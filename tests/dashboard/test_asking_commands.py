"""`routilux jobs`, `show`, `history` and `open` against a real server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from routilux import Flow
from routilux_dashboard import Dashboard
from tests.dashboard.commands import Called, call, call_on_terminal, says, stand_in, start
from tests.dashboard.flows import Collector, chain
from tests.dashboard.peers import get
from tests.waiting import eventually

NASTY = "\x1b[2J\x1b[31m[bold]not bold[/bold]\r\n<script>alert(1)</script>\x9b31m\u202eevil ünï"
WRITTEN_OUT = "\\x1b[2J\\x1b[31m[bold]not bold[/bold]\\r\\n<script>alert(1)</script>\\x9b31m\\u202eevil ünï"


class Failing(Collector):
    """Raises, with a message of others, for the third item."""

    def take(self, i: int) -> None:
        if i == 2:
            raise ValueError(NASTY)


@pytest.fixture
def flow() -> Flow:
    return chain()


@pytest.fixture
def nasty() -> Flow:
    return chain(Failing(), flow_id=NASTY)


@pytest.fixture
def dashboard(flow: Flow, nasty: Flow) -> Iterator[Dashboard]:
    with Dashboard(flow, nasty, port=0) as running:
        yield running


def ran(dashboard: Dashboard, flow: Flow, **params: object) -> str:
    """A job of the flow that has ended, and that the server knows to have ended; its id."""
    job_state = flow.start("emitter", params)
    eventually(lambda: get(dashboard, f"/jobs/{job_state.job_id}")["ended_at"])
    return job_state.job_id


def asked(dashboard: Dashboard, *arguments: str, **environment: str) -> Called:
    return call(*arguments, "--server", dashboard.url, **environment)


# -- jobs


def test_jobs_are_listed_newest_first_with_ids_that_other_commands_take(dashboard: Dashboard, flow: Flow) -> None:
    ids = [ran(dashboard, flow, count=count) for count in (1, 1234)]
    done = asked(dashboard, "jobs")
    head, *rows = [line.split() for line in done.out.splitlines()]
    assert head[:3] == ["JOB", "STATUS", "FLOW"]
    assert [row[:3] for row in rows] == [[job_id[:8], "completed", "chain"] for job_id in reversed(ids)]
    assert "1,234" in rows[0]
    assert (done.code, done.err) == (0, "Jobs: 2 completed.\n")
    assert asked(dashboard, "show", rows[0][0], "--json").json["job_id"] == ids[1]


def test_jobs_for_programs_are_lines_as_the_server_has_them(dashboard: Dashboard, flow: Flow) -> None:
    for _ in range(3):
        ran(dashboard, flow, count=1)
    done = asked(dashboard, "jobs", "--json")
    assert done.lines == get(dashboard, "/jobs")["jobs"]
    assert (done.code, done.err) == (0, "")


def test_jobs_are_filtered_and_bounded_as_asked(dashboard: Dashboard, flow: Flow) -> None:
    first, second = (ran(dashboard, flow, count=1) for _ in range(2))
    assert [job["job_id"] for job in asked(dashboard, "jobs", "--json", "-q", first[:13]).lines] == [first]
    assert [job["job_id"] for job in asked(dashboard, "jobs", "--json", "--limit", "1").lines] == [second]
    assert asked(dashboard, "jobs", "--json", "--status", "failed", "--status", "running").lines == []
    assert asked(dashboard, "jobs", "--flow", "another").err == "Jobs: none.\n"
    assert "The newest 1 are shown" in asked(dashboard, "jobs", "--limit", "1").err
    assert asked(dashboard, "jobs", "--status", "happy").code == 2
    assert asked(dashboard, "jobs", "--limit", "0").code == 2


# -- show


def test_a_job_is_shown_with_its_counts_routines_and_connections(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=1500)
    shown = asked(dashboard, "show", job_id)
    assert shown.code == 0
    assert re.search(rf"^Job +{job_id}$", shown.out, re.MULTILINE)
    assert re.search(r"^Status +completed$", shown.out, re.MULTILINE)
    assert re.search(r"^Started at +emitter with {\"count\": 1500}$", shown.out, re.MULTILINE)
    assert re.search(r"^Counts +1,500 events, 0 errors, 0 queued, 0 running$", shown.out, re.MULTILINE)
    assert re.search(r"^collector +completed +1,500 +0 +0 +0 ", shown.out, re.MULTILINE)
    assert re.search(r"^emitter.item->collector.item +1,500$", shown.out, re.MULTILINE)
    assert "error, in" not in shown.out


def test_for_programs_a_job_is_what_the_server_says(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=3)
    assert asked(dashboard, "show", job_id[:10], "--json").json == get(dashboard, f"/jobs/{job_id}")


def test_nothing_of_a_payload_is_a_command_to_the_terminal_or_to_what_draws_tables(
    dashboard: Dashboard, nasty: Flow
) -> None:
    job_id = ran(dashboard, nasty, count=4, text=NASTY)
    shown = asked(dashboard, "show", job_id).out
    assert f"ValueError: {WRITTEN_OUT}" in shown
    assert re.search(r"^Flow +" + re.escape(WRITTEN_OUT) + "$", shown, re.MULTILINE)
    assert "Traceback (most recent call last):" in shown
    rows = asked(dashboard, "history", job_id).out
    for out in (shown, rows, asked(dashboard, "jobs").out):
        assert "[bold]not bold[/bold]" in out
        assert "<script>" in out
        assert all(line.isprintable() for line in out.split("\n"))


def test_on_a_terminal_there_are_colours_and_no_other_command(dashboard: Dashboard, nasty: Flow) -> None:
    job_id = ran(dashboard, nasty, count=4, text=NASTY)
    for command in ("show", "history"):
        seen = call_on_terminal(command, job_id, "--server", dashboard.url)
        assert seen.code == 0
        bare = re.sub(r"\x1b\[[0-9;]*m", "", seen.out)
        assert bare != seen.out
        assert all(line.isprintable() for line in bare.split("\r\n"))
        assert max(map(len, bare.split("\r\n"))) <= 80


def test_tables_fit_into_80_columns_and_pipes_get_everything(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=3, text="x" * 400)
    for command in (["jobs"], ["show", job_id], ["history", job_id]):
        narrow, piped = asked(dashboard, *command, COLUMNS="80"), asked(dashboard, *command)
        assert max(map(len, narrow.out.splitlines())) <= 80
        if command[0] != "jobs":
            assert "x" * 400 not in narrow.out
            assert "x" * 400 in piped.out
        assert not any(line.endswith(" ") for line in piped.out.splitlines())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_an_output_cannot_encode_is_written_out(dashboard: Dashboard, flow: Flow, encoding: str) -> None:
    job_id = ran(dashboard, flow, count=1, text="ü ✓ 日本")
    command = ["history", job_id, "--server", dashboard.url]
    with start(*command, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding}) as process:
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert ("ü ✓ 日本" if encoding == "utf-8" else "\\u2713 \\u65e5\\u672c") in out.decode(encoding)


def test_a_lost_job_is_shown_with_when_its_program_was_last_heard_of(dashboard: Dashboard, flow: Flow) -> None:
    job = get(dashboard, f"/jobs/{ran(dashboard, flow, count=1)}")
    lost = {**job, "status": "lost", "ended_at": None, "last_sign": "2020-01-02T03:04:05+00:00"}
    lost["created_at"] = "2020-01-02T03:00:00+00:00"
    listed = {"jobs": [lost], "next": None, "counts": {"lost": 1}}
    with stand_in(says(listed), says(listed), says(lost)) as (url, _):
        row = call("jobs", "--server", url).out.splitlines()[1]
        shown = call("show", job["job_id"][:8], "--server", url).out
    assert row.split()[:5] == [job["job_id"][:8], "lost", "chain", "2020-01-02", "4:05"]
    assert re.search(r"^Status +lost\nLast sign +2020-01-02 \d\d:04:05\n", shown, re.MULTILINE)


def test_a_job_is_shown_as_it_was(dashboard: Dashboard, flow: Flow) -> None:
    job = get(dashboard, f"/jobs/{ran(dashboard, flow, count=1)}")
    then = {**job, "status": "running", "ended_at": None, "updated_at": "2020-01-02T03:04:05+00:00"}
    then["created_at"] = "2020-01-02T03:00:00+00:00"
    with stand_in(says(then)) as (url, _):
        shown = call("show", job["job_id"], "--at", "12", "--server", url).out
    assert re.search(r"^Created +2020-01-02 \d\d:00:00, 4:05$", shown, re.MULTILINE), "until then, not until now"
    with stand_in(says(job)) as (url, asked):
        for at in ("12", "2020-01-02T03:04:05+02:00", "1h"):
            assert call("show", job["job_id"], "--at", at, "--json", "--server", url).json == job
        assert call("show", job["job_id"], "--at", "then", "--server", url).code == 2
    queries = [parse_qs(urlsplit(path).query) for _, path, _ in asked]
    assert queries[:2] == [{"seq": ["12"]}, {"t": ["2020-01-02T01:04:05+00:00"]}]
    ago = datetime.now(UTC) - datetime.fromisoformat(queries[2]["t"][0])
    assert timedelta(hours=1) <= ago < timedelta(hours=1, minutes=5)


# -- which job


def test_an_id_may_be_shortened_as_long_as_it_is_one_jobs(dashboard: Dashboard, flow: Flow) -> None:
    ids = [ran(dashboard, flow, count=1) for _ in range(17)]  # two of them begin alike
    known = next(digit for digit in "0123456789abcdef" if sum(job_id[0] == digit for job_id in ids) > 1)
    several = asked(dashboard, "show", known)
    assert several.code == 1
    assert f"'{known}' begins the ids of" in several.err
    assert asked(dashboard, "show", ids[0][:12], "--json").json["job_id"] == ids[0]


@pytest.mark.parametrize(
    "name", ["nothing", "", "..", "../flows", "a b?c=d&e", "ü\x1b[31m", "z" * 3000, "%2e%2e", "f" * 36]
)
@pytest.mark.parametrize("command", ["show", "history", "pause", "export", "open"])
def test_an_unknown_job_is_told_in_a_line(dashboard: Dashboard, flow: Flow, command: str, name: str) -> None:
    ran(dashboard, flow, count=1)
    done = asked(dashboard, command, name)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert line.isprintable()


# -- history


def test_records_are_printed_by_range(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=2500)
    assert [record["seq"] for record in asked(dashboard, "history", job_id, "--json").lines] == list(range(1, 101))
    many = asked(dashboard, "history", job_id, "--json", "--after", "10", "--limit", "2200").lines
    assert [record["seq"] for record in many] == list(range(11, 2211))
    assert many[:1000] == get(dashboard, f"/jobs/{job_id}/history?after=10&limit=1000")["records"]
    everything = asked(dashboard, "history", job_id, "--json", "--limit", "1000000").lines
    assert len(everything) == get(dashboard, f"/jobs/{job_id}")["seq"]
    last = asked(dashboard, "history", job_id, "--json", "--before", "2000", "--limit", "3").lines
    assert [record["seq"] for record in last] == [1997, 1998, 1999]
    between = asked(dashboard, "history", job_id, "--json", "--after", "7", "--before", "9").lines
    assert [record["seq"] for record in between] == [8]


def test_a_page_says_how_to_go_on(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=8)
    total = get(dashboard, f"/jobs/{job_id}")["seq"]
    some = asked(dashboard, "history", job_id, "--limit", "4")
    assert some.err == f"4 records of {total}. Go on with --after 4.\n"
    assert re.search(
        r"^ +2 +\d\d:\d\d:\d\d\.\d{3} +emitter +item +1 +{\"i\": 0, \"text\": \"\"}$", some.out, re.MULTILINE
    )
    assert asked(dashboard, "history", job_id).err == f"{total} records of {total}.\n"


def test_records_are_filtered_by_what_they_are(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=12, text="Needle")

    def seqs(*options: str) -> list[int]:
        done = asked(dashboard, "history", job_id, "--json", *options)
        assert done.code == 0, done.err
        return [record["seq"] for record in done.lines]

    everything = seqs()
    assert seqs("--event", "item") == seqs("--kind", "event") == list(range(2, 14))
    assert seqs("--routine", "collector", "--event", "item") == []
    assert seqs("-q", "needle", "--limit", "5", "--after", "4") == [5, 6, 7, 8, 9]
    assert seqs("--outcome", "completed")[-1] == 13
    assert seqs("--since", "1h") == everything == seqs("--since", "2020-01-01", "--until", "2999-12-31T23:59")
    assert seqs("--until", "1h") == []
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    assert seqs("--since", soon) == []
    middle = get(dashboard, f"/jobs/{job_id}/history?after=5&limit=1")["records"][0]["timestamp"]
    assert set(seqs("--since", middle)) | set(seqs("--until", middle)) == set(everything)


def test_a_search_that_takes_long_goes_on_where_it_was_broken_off() -> None:
    def page(seqs: list[int], searched_to: int | None) -> Any:
        records = [{"seq": seq} for seq in seqs]
        return says({"records": records, "first": 1, "last": 9_000, "total": 9_000, "searched_to": searched_to})

    forwards = [page([], 3000), page([3500, 3600], 6000), page([7000], None)]
    with stand_in(*forwards) as (url, asked):
        done = call("history", "j" * 36, "--json", "-q", "x", "--limit", "5", "--server", url)
    assert [record["seq"] for record in done.lines] == [3500, 3600, 7000]
    queries = [parse_qs(urlsplit(path).query) for _, path, _ in asked]
    assert [(query.get("after"), query["limit"]) for query in queries] == [
        (None, ["5"]), (["3000"], ["5"]), (["6000"], ["3"]),
    ]  # fmt: skip
    backwards = [page([7000, 7100], 6000), page([3500], 3000), page([1, 2], None)]
    with stand_in(*backwards) as (url, asked):
        done = call("history", "j" * 36, "--json", "-q", "x", "--before", "9000", "--limit", "5", "--server", url)
    assert [record["seq"] for record in done.lines] == [1, 2, 3500, 7000, 7100]
    assert [parse_qs(urlsplit(path).query)["before"] for _, path, _ in asked] == [["9000"], ["6000"], ["3000"]]


@pytest.mark.parametrize(
    "options",
    [
        ["--since", "yesterday"],
        ["--until", "99999999d"],
        ["--since", "2026-13-01"],
        ["--outcome", "lovely"],
        ["--after", "-1"],
        ["--before", "5", "--limit", "5000"],
    ],
)
def test_a_range_that_makes_no_sense_is_wrong_usage(dashboard: Dashboard, flow: Flow, options: list[str]) -> None:
    done = asked(dashboard, "history", ran(dashboard, flow, count=1), *options)
    assert (done.code, done.out) == (2, "")
    assert options[0] in done.err


# -- open


def test_the_page_of_a_job_is_opened_in_the_browser_that_is_there(
    dashboard: Dashboard, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_it(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_it)
    job_id = ran(dashboard, flow, count=1)
    assert asked(dashboard, "open", job_id[:8]) == (0, f"{dashboard.url_of_job(job_id)}\n", "")
    assert asked(dashboard, "open", "--json").json == {"url": dashboard.url}
    assert opened == [dashboard.url_of_job(job_id), dashboard.url]
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    nowhere = asked(dashboard, "open", job_id)
    assert (nowhere.code, nowhere.out) == (1, f"{dashboard.url_of_job(job_id)}\n")
    assert "No browser" in nowhere.err


# -- the whole way


def test_servers_are_named_by_option_or_environment_and_json_is_ascii(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=1, text="ü✓")
    done = call("history", job_id, "--json", ROUTILUX_SERVER=dashboard.url)
    assert done.out.isascii()
    assert done.lines[1]["data"]["text"] == "ü✓"
    assert (
        call("jobs", "--server", dashboard.url.removeprefix("http://"), ROUTILUX_SERVER="http://127.0.0.1:1").code == 0
    )


def test_a_reader_that_leaves_early_is_no_fault(dashboard: Dashboard, flow: Flow) -> None:
    job_id = ran(dashboard, flow, count=5000)
    command = ["history", job_id, "--limit", "5000", "--json", "--server", dashboard.url]
    with start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["seq"] == 1
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.wait(30)


def test_a_server_that_has_stopped_is_told_with_an_exit_code_of_its_own(flow: Flow) -> None:
    with Dashboard(flow, port=0) as dashboard:
        assert asked(dashboard, "jobs").code == 0
    gone = asked(dashboard, "jobs")
    assert (gone.code, gone.out) == (4, "")
    assert "Connection refused" in gone.err


def test_jobs_of_a_run_that_is_long_over_are_asked_for_like_any_other(flow: Flow, tmp_path: Path) -> None:
    store = str(tmp_path / "store.sqlite")
    with Dashboard(flow, port=0, store=store) as dashboard:
        job_id = ran(dashboard, flow, count=30, text="Needle")
        before = asked(dashboard, "history", job_id, "--json").lines
    with Dashboard(port=0, store=store) as later:
        assert [job["job_id"] for job in asked(later, "jobs", "--json").lines] == [job_id]
        assert asked(later, "show", job_id[:8], "--json").json["counts"]["events"] == 30
        assert asked(later, "show", job_id[:8], "--at", "11", "--json").json["counts"]["events"] == 10
        assert asked(later, "history", job_id[:8], "--json").lines == before
        found = asked(later, "history", job_id[:8], "--json", "-q", "NEEDLE", "--before", "20", "--limit", "2").lines
        assert [record["seq"] for record in found] == [18, 19]
        refused = asked(later, "cancel", job_id[:8])
        assert refused.code == 1
        assert "(409)" in refused.err
