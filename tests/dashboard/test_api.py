"""REST on a real server: what each call answers, and what it says to those who ask wrongly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from routilux import Flow, JobState, Routine
from routilux_dashboard import Dashboard
from routilux_dashboard.sources.local_source import LocalSource
from tests.dashboard.flows import Gated, chain, gated
from tests.dashboard.peers import Answer, ask, get
from tests.waiting import eventually


@pytest.fixture
def flow() -> Flow:
    return chain()


@pytest.fixture
def dashboard(flow: Flow) -> Iterator[Dashboard]:
    with Dashboard(flow, port=0) as running:
        yield running


def post(dashboard: Dashboard, path: str, body: Any = None) -> Answer:
    return ask(dashboard, "POST", f"/api/v1{path}", body)


def is_problem(answer: Answer, status: int, *words: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
    for word in words:
        assert word in answer.json["detail"]


# -- flows


def test_a_flow_is_described_alone_and_in_the_list(dashboard: Dashboard) -> None:
    described = get(dashboard, "/flows/chain")
    assert get(dashboard, "/flows") == {"flows": [described]}
    assert [routine["routine_id"] for routine in described["routines"]] == ["emitter", "collector"]
    assert described["routines"][0]["class"] == "Emitter"
    assert described["connections"][0]["connection_id"] == "emitter.item->collector.item"
    assert described["entries"][0]["parameters"]["properties"]["count"] == {"type": "integer", "default": 10}


def test_a_flow_id_may_have_slashes_and_spaces() -> None:
    with Dashboard(chain(flow_id="team/a flow"), port=0) as dashboard:
        assert get(dashboard, "/flows/team%2Fa%20flow")["flow_id"] == "team/a flow"
        answer = post(dashboard, "/flows/team%2Fa%20flow/jobs", {"params": {"count": 1}})
        assert answer.status == 201


# -- starting


def test_starting_answers_with_the_job_and_where_it_is(dashboard: Dashboard, flow: Flow) -> None:
    answer = post(dashboard, "/flows/chain/jobs", {"entry": "emitter", "params": {"count": 3}})
    assert answer.status == 201
    job_id = answer.json["job_id"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{job_id}"
    assert answer.json["params"] == {"count": 3}
    done = eventually(lambda: (job := get(dashboard, f"/jobs/{job_id}"))["status"] == "completed" and job)
    assert done["counts"] == {"events": 3, "errors": 0, "queued": 0, "running": 0}
    assert done["routines"]["collector"]["done"] == 3
    assert done["connections"]["emitter.item->collector.item"]["count"] == 3


def test_the_entry_may_be_left_out_when_there_is_one(dashboard: Dashboard) -> None:
    assert post(dashboard, "/flows/chain/jobs", {"params": {"count": 1}}).json["entry"] == "emitter"


def test_with_several_entries_one_must_be_named(flow: Flow, dashboard: Dashboard) -> None:
    flow.add_routine(Gated(), "second")
    flow.routines["second"].define_slot("trigger", handler=lambda: None)
    is_problem(post(dashboard, "/flows/chain/jobs", {}), 422, "'emitter'", "'second'")
    assert post(dashboard, "/flows/chain/jobs", {"entry": "second"}).status == 201


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"entry": "collector"}, 422, "'collector'"),
        ({"entry": "nobody"}, 422, "'emitter'"),
        ({"params": {"count": "three"}}, 422, "'count'"),
        ({"params": {"count": 1.5}}, 422, "'count'"),
        ({"params": {"count": True}}, 422, "'count'"),
        ({"params": {"cuont": 3}}, 422, "'cuont'"),
        ({"params": [1]}, 422, "params"),
        ({"parms": {}}, 422, "parms"),
        ({"again": "nobody"}, 404, "'nobody'"),
        ([], 422, "object"),
        (b"{", 400, "cannot be read"),
        (b"\xff", 400, "cannot be read"),
        (b'{"params": {"text": ' + b"[" * 100_000, 400, "cannot be read"),
    ],
)
def test_what_cannot_be_started_is_told_and_not_started(
    dashboard: Dashboard, flow: Flow, body: Any, status: int, word: str
) -> None:
    is_problem(post(dashboard, "/flows/chain/jobs", body), status, word)
    assert flow.execution_tracker is None


def test_a_required_parameter_that_is_missing_is_named() -> None:
    class Needy(Routine):
        def __init__(self) -> None:
            super().__init__()
            self.define_slot("trigger", handler=self.go)

        def go(self, path: str, depth: int = 1) -> None: ...

    flow = Flow("needy")
    flow.add_routine(Needy(), "needy")
    with Dashboard(flow, port=0) as dashboard:
        is_problem(post(dashboard, "/flows/needy/jobs", {"params": {"depth": 2}}), 422, "'path'", "missing")


def test_again_starts_with_the_very_objects_of_before(flow: Flow, dashboard: Dashboard) -> None:
    marker = object()
    job = flow.execute("emitter", {"count": 2, "text": marker})
    answer = post(dashboard, "/flows/chain/jobs", {"again": job.job_id})
    assert answer.status == 201
    again = next(each for each in dashboard._job_table.jobs() if each.job_id == answer.json["job_id"])
    assert isinstance(again, LocalSource)
    assert again.job_state.entry_params["text"] is marker
    JobState.wait_for_completion(flow, again.job_state, timeout=10)
    assert len(again.job_state.execution_history) == len(job.execution_history)


def test_again_is_sent_alone_and_to_its_own_flow(flow: Flow, dashboard: Dashboard) -> None:
    job = flow.execute("emitter", {"count": 1})
    is_problem(post(dashboard, "/flows/chain/jobs", {"again": job.job_id, "params": {}}), 422, "alone")
    dashboard.watch(chain(flow_id="other"))
    is_problem(post(dashboard, "/flows/other/jobs", {"again": job.job_id}), 422, "'chain'", "'other'")


# -- the list of jobs


def test_the_list_is_newest_first_filtered_counted_and_paged(flow: Flow, dashboard: Dashboard) -> None:
    other = chain(flow_id="other")
    dashboard.watch(other)
    jobs = [flow.execute("emitter", {"count": n}) for n in range(5)]
    failed = other.execute("emitter", {"count": "x"})
    everything = get(dashboard, "/jobs")
    assert [job["job_id"] for job in everything["jobs"]] == [failed.job_id, *(job.job_id for job in jobs[::-1])]
    assert everything["next"] is None
    counts = {"pending": 0, "running": 0, "paused": 0, "completed": 5, "failed": 1, "cancelled": 0, "lost": 0}
    assert everything["counts"] == counts
    assert [job["job_id"] for job in get(dashboard, "/jobs?status=failed")["jobs"]] == [failed.job_id]
    assert get(dashboard, "/jobs?status=failed")["counts"] == counts
    assert len(get(dashboard, "/jobs?status=failed,completed&status=paused")["jobs"]) == 6
    assert len(get(dashboard, "/jobs?flow=chain")["jobs"]) == 5
    assert [job["job_id"] for job in get(dashboard, f"/jobs?q={jobs[2].job_id[:13].upper()}")["jobs"]] == [
        jobs[2].job_id
    ]
    assert get(dashboard, "/jobs?q=TypeError&flow=other")["jobs"][0]["error"]["error_type"] == "TypeError"

    def pages() -> Iterator[str]:
        cursor = ""
        while True:
            page = get(dashboard, f"/jobs?limit=2{cursor}")
            yield from (job["job_id"] for job in page["jobs"])
            if page["next"] is None:
                return
            flow.execute("emitter", {"count": 0})  # what comes meanwhile does not shift the pages
            cursor = f"&cursor={page['next'].replace('+', '%2B')}"

    assert list(pages()) == [failed.job_id, *(job.job_id for job in jobs[::-1])]


# -- reading by range


def test_the_history_is_read_by_range_from_either_side(flow: Flow, dashboard: Dashboard) -> None:
    job = flow.execute("emitter", {"count": 3000})
    path = f"/jobs/{job.job_id}/history"
    total = len(job.execution_history)

    def seqs(query: str) -> list[int]:
        return [record["seq"] for record in get(dashboard, f"{path}?{query}")["records"]]

    assert seqs("") == list(range(1, 101))
    assert seqs("after=100&limit=3") == [101, 102, 103]
    assert seqs("before=101&limit=3") == [98, 99, 100]
    assert seqs("before=3&limit=50") == [1, 2]
    assert seqs("after=10&before=13") == [11, 12]
    assert seqs("after=13&before=13") == []
    assert seqs(f"after={total}") == []
    assert seqs("after=1000&limit=1000") == list(range(1001, 2001))
    page = get(dashboard, f"{path}?after=1&limit=1")
    assert (page["first"], page["last"], page["total"]) == (1, total, total)
    assert page["records"][0]["data"] == {"i": 0, "text": ""}
    assert page["records"][0]["routine_id"] == "emitter"


def test_log_outputs_data_states_metrics_and_actions_can_be_read(flow: Flow, dashboard: Dashboard) -> None:
    job = flow.execute("emitter", {"count": 2})
    job.append_to_shared_log({"said": "hello"})
    job.send_output("emitter", "caption", {"text": "two"})
    job.update_shared_data("answer", 42)
    job.update_routine_state("collector", {"seen": 2})
    base = f"/jobs/{job.job_id}"
    assert get(dashboard, f"{base}/log")["entries"][0]["entry"]["said"] == "hello"
    assert get(dashboard, f"{base}/outputs")["outputs"][0]["data"] == {"text": "two"}
    assert get(dashboard, f"{base}/data")["answer"]["value"] == 42
    assert get(dashboard, f"{base}/states")["collector"]["state"] == {"seen": 2}
    assert get(dashboard, f"{base}/metrics")["routines"]["collector"]["total_executions"] == 2
    assert get(dashboard, f"{base}/actions") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "after=-1", "before=0", "limit=", "after=1e3", "aftr=3", "after=" + "9" * 99],
)
def test_a_range_that_is_none_is_told(flow: Flow, dashboard: Dashboard, query: str) -> None:
    job = flow.execute("emitter", {"count": 1})
    is_problem(ask(dashboard, "GET", f"/api/v1/jobs/{job.job_id}/history?{query}"), 400)


# -- controls


def test_pause_resume_and_cancel_say_how_far_they_are_and_who_asked() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard:
        job = flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=5)
        path = f"/jobs/{job.job_id}"
        paused = post(dashboard, f"{path}/pause", {"reason": "lunch"})
        assert paused.status == 202
        control = paused.json
        assert (control["action"], control["state"], control["reason"]) == ("pause", "draining", "lunch")
        assert "127.0.0.1" in control["by"]
        assert [waiting["routine_id"] for waiting in control["waiting_for"]] == ["collector"]
        collector.gate.set()
        eventually(lambda: get(dashboard, path)["status"] == "paused")
        assert get(dashboard, path)["control"]["kept"] == 2
        assert post(dashboard, f"{path}/resume").status == 202
        eventually(lambda: get(dashboard, path)["status"] == "completed")
        assert [action["action"] for action in get(dashboard, f"{path}/actions")][:1] == ["pause"]


def test_cancel_drops_what_waits() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard:
        job = flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=5)
        assert post(dashboard, f"/jobs/{job.job_id}/cancel", {"reason": "wrong input"}).status == 202
        collector.gate.set()
        cancelled = eventually(lambda: (j := get(dashboard, f"/jobs/{job.job_id}"))["status"] == "cancelled" and j)
        assert cancelled["control"]["dropped"] == 2


def test_asking_twice_for_the_same_is_no_error_and_asks_once() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard:
        job = flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=5)
        path = f"/jobs/{job.job_id}"
        first = post(dashboard, f"{path}/pause", {"reason": "a"})
        second = post(dashboard, f"{path}/pause", {"reason": "b"})
        assert (first.status, second.status) == (202, 202)
        assert second.json["reason"] == "a"
        collector.gate.set()
        eventually(lambda: get(dashboard, path)["status"] == "paused")
        assert post(dashboard, f"{path}/pause").status == 202
        assert post(dashboard, f"{path}/cancel").status == 202
        assert post(dashboard, f"{path}/cancel").status == 202


@pytest.mark.parametrize("action", ["pause", "resume", "cancel"])
def test_a_control_of_a_job_that_has_ended_is_refused_with_the_reason(
    flow: Flow, dashboard: Dashboard, action: str
) -> None:
    job = flow.execute("emitter", {"count": 1})
    is_problem(post(dashboard, f"/jobs/{job.job_id}/{action}"), 409, "ended", "completed")
    assert job.status == "completed"


def test_resuming_what_runs_is_refused() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard:
        job = flow.start("emitter", {"count": 1})
        assert collector.taken.acquire(timeout=5)
        is_problem(post(dashboard, f"/jobs/{job.job_id}/resume"), 409, "running")
        collector.gate.set()


def test_a_reason_must_be_text(flow: Flow, dashboard: Dashboard) -> None:
    job = flow.execute("emitter", {"count": 1})
    is_problem(post(dashboard, f"/jobs/{job.job_id}/pause", {"reason": 7}), 422, "reason")


# -- what is not there


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/nobody",
        "/jobs/nobody/history",
        "/jobs/nobody/metrics",
        "/flows/nobody",
        "/nothing",
        "/jobs/nobody/steal",
        "/jobs/%00",
        "/jobs/%3Cscript%3E",
    ],
)
def test_what_is_not_there_is_told_with_what_was_asked_for(dashboard: Dashboard, path: str) -> None:
    is_problem(ask(dashboard, "GET", f"/api/v1{path}"), 404, "There is no")


@pytest.mark.parametrize(("method", "path"), [("POST", "/jobs"), ("DELETE", "/flows"), ("GET", "/flows/chain/jobs")])
def test_a_wrong_method_is_told_with_the_right_one(dashboard: Dashboard, method: str, path: str) -> None:
    answer = ask(dashboard, method, f"/api/v1{path}")
    is_problem(answer, 405)
    assert answer.headers["Allow"]
    assert answer.headers["Allow"].split(", ")[0] in answer.json["detail"]


def test_an_unknown_control_is_told(flow: Flow, dashboard: Dashboard) -> None:
    job = flow.execute("emitter", {"count": 1})
    is_problem(
        post(dashboard, f"/jobs/{job.job_id}/explode"), 404, "no control 'explode'", "pause, resume, step, cancel."
    )


def test_an_unknown_part_of_a_job_is_told_with_those_there_are(flow: Flow, dashboard: Dashboard) -> None:
    job = flow.execute("emitter", {"count": 1})
    for part in ("steal", "history/1/steal"):
        answer = ask(dashboard, "GET", f"/api/v1/jobs/{job.job_id}/{part}")
        is_problem(answer, 404, f"no part {part!r}", "history, log, outputs", "recording.html")
    is_problem(ask(dashboard, "DELETE", f"/api/v1/jobs/{job.job_id}/steal"), 404, "there are: history, ")


def test_a_fault_of_the_dashboard_is_a_problem_too(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dashboard._job_table, "jobs_full", lambda: 1 / 0)
    is_problem(ask(dashboard, "GET", "/api/v1/jobs"), 500, "ZeroDivisionError")
    assert "A fault while answering GET /api/v1/jobs" in caplog.text


def test_health_says_whether_the_pump_lives(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get(dashboard, "/healthz")["status"] == "ok"
    monkeypatch.setattr(dashboard._job_table, "tick", lambda: 1 / 0)
    last = time.monotonic()
    eventually(lambda: ask(dashboard, "GET", "/api/v1/healthz").status == 503, within=15)
    assert time.monotonic() - last > 2


# -- payloads that are hard to hold


class Hostile:
    """Its text and comparison raise."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]


def test_whatever_a_payload_holds_every_call_answers(flow: Flow, dashboard: Dashboard) -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    values = [Hostile(), deep, "\ud800", 2**100, float("nan"), b"\xff" * 1000, "<script>alert(1)</script>"]
    job = flow.execute("emitter", {"count": 1, "text": values})
    large = flow.execute("emitter", {"count": 1, "text": "x" * 50_000_000})
    odd = flow.execute("emitter", {"count": 0})
    odd.record_execution("routine \udcff", "event \ud800", {"k\udcff": Hostile(), "v": values[2:]})
    odd.append_to_shared_log({"\udc80": Hostile()})
    odd.update_shared_data("\udc80", {Hostile: 1})
    for each in (job, large, odd):
        for part in ("", "/history", "/log", "/outputs", "/data", "/states", "/metrics", "/actions"):
            answer = ask(dashboard, "GET", f"/api/v1/jobs/{each.job_id}{part}")
            assert answer.status == 200, (part, answer.body)
            assert len(answer.body) < 200_000
            assert answer.headers["Content-Type"] == "application/json"
    assert ask(dashboard, "GET", "/api/v1/jobs").status == 200
