"""What was: the same answers whether a job is in memory without a store, in memory with one, or long gone."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from routilux import ErrorHandler, ErrorStrategy, Flow, Routine
from routilux_dashboard import Dashboard, connect
from routilux_dashboard.server import gate
from tests.dashboard.flows import chain, gated
from tests.dashboard.peers import address, ask, get, live
from tests.dashboard.test_api import is_problem, post
from tests.waiting import eventually


class Chooser(Routine):
    """Passes even numbers on, tells of every third, and raises for one."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.take)
        self.define_event("even", ["n"])

    def take(self, i: int, text: str) -> None:
        if i == 7:
            raise ValueError("seven is too much")
        if i % 3 == 0:
            context = self.get_execution_context()
            assert context is not None
            context.job_state.append_to_shared_log({"seen": i, "words": "Grüße"})
            self.send_output("third", value=i)
        if i % 2 == 0:
            self.emit("even", n=i, note='a "quoted" word')


def choosing(**options: Any) -> Flow:
    flow = chain(Chooser(), **options)
    flow.routines["collector"].set_error_handler(ErrorHandler(strategy=ErrorStrategy.CONTINUE))
    return flow


def finished(flow: Flow) -> str:
    job = flow.execute("emitter", {"count": 40, "text": "Straße"})
    job.update_shared_data("answer", 42)
    job.update_routine_state("emitter", {"sent": 40})
    return job.job_id


@pytest.fixture(scope="module", params=["memory", "memory and store", "store", "elsewhere"])
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dashboard, str]]:
    """A finished job of 40 items, and a server that has it at that place."""
    flow, place = choosing(), request.param
    if place == "memory":
        with Dashboard(flow, port=0, store="none") as dashboard:
            yield dashboard, finished(flow)
        return
    path = tmp_path_factory.mktemp("store") / "jobs.db"
    if place == "elsewhere":
        with Dashboard(port=0, store=path) as dashboard, connect(dashboard.url, flow) as connection:
            job_id = finished(flow)
            assert connection.flush(10)
            eventually(lambda: get(dashboard, f"/jobs/{job_id}")["status"] == "completed")
            yield dashboard, job_id
        return
    with Dashboard(flow, port=0, store=path) as dashboard:
        job_id = finished(flow)
        if place == "memory and store":
            yield dashboard, job_id
            return
    with Dashboard(port=0, store=path) as dashboard:
        yield dashboard, job_id


def seqs(dashboard: Dashboard, job_id: str, **query: Any) -> list[int]:
    found = get(dashboard, f"/jobs/{job_id}/history?{urlencode(query)}")
    return [record["seq"] for record in found["records"]]


def everything(dashboard: Dashboard, job_id: str) -> list[Any]:
    return list(get(dashboard, f"/jobs/{job_id}/history?limit=1000")["records"])


Wanted = Callable[[Any], bool]
FILTERS: list[tuple[dict[str, Any], Wanted]] = [
    ({}, lambda record: True),
    ({"routine": "collector"}, lambda record: record["routine_id"] == "collector"),
    ({"event": "even"}, lambda record: record["event_name"] == "even"),
    ({"event": "even", "routine": "emitter"}, lambda record: False),
    ({"kind": "error_continued"}, lambda record: record["kind"] == "error_continued"),
    ({"q": "STRASSE"}, lambda record: False),
    ({"q": "straße"}, lambda record: record["data"].get("text") == "Straße"),
    ({"q": '"quoted"'}, lambda record: "note" in record["data"]),
    ({"q": "too much"}, lambda record: "too much" in record["data"].get("error", "")),
    ({"q": "COLLECT"}, lambda record: record["routine_id"] == "collector"),
    ({"outcome": "error_continued"}, lambda record: record["data"].get("i") == 7),
    ({"outcome": "completed", "event": "item"}, lambda record: record["data"].get("i") not in (None, 7)),
    ({"outcome": "retry"}, lambda record: False),
]


@pytest.mark.parametrize(("query", "wanted"), FILTERS, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_a_filter_finds_what_it_says_wherever_the_job_is(
    job: tuple[Dashboard, str], query: dict[str, Any], wanted: Wanted
) -> None:
    expected = [record["seq"] for record in everything(*job) if wanted(record)]
    assert seqs(*job, limit=1000, **query) == expected
    assert seqs(*job, limit=5, **query) == expected[:5]
    last = 10_000
    assert seqs(*job, limit=5, before=last, **query) == expected[-5:]
    assert seqs(*job, limit=1000, after=20, before=50, **query) == [seq for seq in expected if 20 < seq < 50]


def test_times_bound_the_history(job: tuple[Dashboard, str]) -> None:
    records = everything(*job)
    first, last = records[10]["timestamp"], records[20]["timestamp"]
    expected = [record["seq"] for record in records if first <= record["timestamp"] <= last]
    assert seqs(*job, since=first, until=last, limit=1000) == expected
    assert seqs(*job, since="2200-01-01") == []
    assert seqs(*job, until=1000) == []


def test_history_log_outputs_and_the_job_itself_are_whole(job: tuple[Dashboard, str]) -> None:
    dashboard, job_id = job
    shown = get(dashboard, f"/jobs/{job_id}")
    assert (shown["status"], shown["counts"]["events"], shown["counts"]["errors"]) == ("completed", 60, 1)
    assert shown["routines"]["collector"]["done"] == 39
    page = get(dashboard, f"/jobs/{job_id}/history?limit=1000")
    assert (page["first"], page["last"], page["total"]) == (1, shown["seq"], shown["seq"])
    assert [record["seq"] for record in page["records"]] == list(range(1, shown["seq"] + 1))
    log = get(dashboard, f"/jobs/{job_id}/log")
    assert [row["entry"]["seen"] for row in log["entries"]] == list(range(0, 40, 3))
    assert (log["first"], log["last"], log["total"]) == (1, 14, 14)
    assert len(get(dashboard, f"/jobs/{job_id}/log?q=gr%C3%BC%C3%9Fe")["entries"]) == 14
    assert get(dashboard, f"/jobs/{job_id}/log?q=nowhere")["entries"] == []
    outputs = get(dashboard, f"/jobs/{job_id}/outputs?before=3")["outputs"]
    assert [row["data"]["value"] for row in outputs] == [0, 3]
    assert [row["n"] for row in get(dashboard, f"/jobs/{job_id}/outputs?q=39")["outputs"]] == [14]
    assert get(dashboard, f"/jobs/{job_id}/data")["answer"]["value"] == 42
    assert get(dashboard, f"/jobs/{job_id}/states")["emitter"]["state"] == {"sent": 40}
    assert get(dashboard, f"/jobs/{job_id}/metrics")["routines"]["collector"]["total_executions"] == 40
    assert get(dashboard, f"/jobs/{job_id}/actions") == []


def test_a_message_is_followed_to_its_causes_and_effects(job: tuple[Dashboard, str]) -> None:
    dashboard, job_id = job
    records = everything(*job)
    even = next(record for record in records if record["data"].get("n") == 6)
    causes = get(dashboard, f"/jobs/{job_id}/history/{even['seq']}/causes")
    assert causes["complete"]
    assert [record["event_name"] for record in causes["records"]] == ["start", "item", "even"]
    item = causes["records"][1]
    effects = get(dashboard, f"/jobs/{job_id}/history/{item['seq']}/effects")
    assert effects["complete"]
    assert [record["seq"] for record in effects["records"]] == [even["seq"]]
    assert [(run["routine_id"], run["slot"], run["outcome"]) for run in effects["runs"]] == [
        ("collector", "item", "completed")
    ]
    begin = get(dashboard, f"/jobs/{job_id}/history/1/effects")
    assert len(begin["records"]) == 40
    for part in ("causes", "effects"):
        for seq in (9999, 0, 10**30):
            is_problem(ask(dashboard, "GET", f"/api/v1/jobs/{job_id}/history/{seq}/{part}"), 404, f"record {seq} ")


def test_a_job_is_shown_as_it_was_at_any_record(job: tuple[Dashboard, str]) -> None:
    dashboard, job_id = job
    records = everything(*job)
    for seq in (1, 2, 17, len(records)):
        was = get(dashboard, f"/jobs/{job_id}/at?seq={seq}")
        assert was["seq"] == seq
        assert was["counts"]["events"] == sum(record["kind"] == "event" for record in records[:seq])
        assert set(was) == set(get(dashboard, f"/jobs/{job_id}"))
    moment = records[16]["timestamp"]
    by_then = [record["seq"] for record in records if record["timestamp"] <= moment]
    assert get(dashboard, f"/jobs/{job_id}/at?" + urlencode({"t": moment}))["seq"] == by_then[-1]
    for end in ("4000000000000", "9999-12-31T23:59:59Z", "253402300799999"):
        assert get(dashboard, f"/jobs/{job_id}/at?t={end}")["status"] == "completed"
    for query in ("seq=9999", "t=1000"):
        is_problem(ask(dashboard, "GET", f"/api/v1/jobs/{job_id}/at?{query}"), 404)
    for query in ("", "seq=1&t=1000", "t=yesterday", "t=-1", "seq=x"):
        is_problem(ask(dashboard, "GET", f"/api/v1/jobs/{job_id}/at?{query}"), 400)


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "step"])
def test_a_job_that_has_ended_is_not_controlled(job: tuple[Dashboard, str], action: str) -> None:
    dashboard, job_id = job
    is_problem(post(dashboard, f"/jobs/{job_id}/{action}"), 409, "ended")


# -- only in the store


def test_the_list_goes_over_memory_and_store_with_exact_counts_and_stable_pages(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    flow = chain()
    with Dashboard(flow, port=0, store=path):
        old = [flow.execute("emitter", {"count": 1}).job_id for _ in range(4)]
        old.append(flow.execute("emitter", {"count": "x"}).job_id)
    flow = chain(flow_id="newer")
    with Dashboard(flow, port=0, store=path, keep_jobs=2) as dashboard:
        new = [flow.execute("emitter", {"count": 1}).job_id for _ in range(5)]
        eventually(lambda: len(dashboard._job_table.jobs()) == 2)
        expected = [*new[::-1], *old[::-1]]
        eventually(lambda: len(get(dashboard, "/jobs?limit=100")["jobs"]) == 10)
        listed = get(dashboard, "/jobs?limit=100")
        assert [job["job_id"] for job in listed["jobs"]] == expected
        assert listed["next"] is None
        assert (listed["counts"]["completed"], listed["counts"]["failed"]) == (9, 1)
        found: list[str] = []
        query = ""
        while True:
            page = get(dashboard, f"/jobs?limit=3{query}")
            found += [job["job_id"] for job in page["jobs"]]
            assert page["counts"]["failed"] == 1
            if page["next"] is None:
                break
            query = "&" + urlencode({"cursor": page["next"]})
        assert found == expected
        assert [job["job_id"] for job in get(dashboard, "/jobs?status=failed")["jobs"]] == [old[-1]]
        assert [job["job_id"] for job in get(dashboard, "/jobs?flow=newer")["jobs"]] == new[::-1]
        assert [job["job_id"] for job in get(dashboard, f"/jobs?q={old[1]}")["jobs"]] == [old[1]]
        assert not any(job["rerunnable"] for job in get(dashboard, "/jobs?flow=chain")["jobs"])


def test_a_job_that_is_only_in_the_store_has_a_page_and_a_live_keyframe(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    flow = chain()
    with Dashboard(flow, port=0, store=path):
        job_id = flow.execute("emitter", {"count": 5}).job_id
    with Dashboard(port=0, store=path) as dashboard, live(dashboard) as client:
        assert ask(dashboard, "GET", f"/jobs/{job_id}", headers={"Accept": "application/json"}).status in (200, 503)
        assert client.call("subscribe", {"job_id": job_id}) is None
        keyframe = client.wait(lambda messages: next((m for name, m in messages if name == "keyframe"), None))
        assert (keyframe["job"]["status"], keyframe["job"]["counts"]["events"]) == ("completed", 5)
        assert client.call("subscribe", {"job_id": "nobody"})["status"] == 404


def test_a_job_that_left_memory_goes_on_being_shown_from_the_store(tmp_path: Path) -> None:
    flow = chain()
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db", keep_jobs=1) as dashboard, live(dashboard) as client:
        first = flow.execute("emitter", {"count": 5}).job_id
        assert client.call("subscribe", {"job_id": first}) is None
        for _ in range(3):
            flow.execute("emitter", {"count": 1})
        eventually(lambda: not dashboard._job_table.has(first))
        assert get(dashboard, f"/jobs/{first}")["counts"]["events"] == 5
        assert get(dashboard, f"/jobs/{first}/history")["total"] == 7
        assert client.of("dropped") == []


def test_what_a_bounded_history_let_go_is_read_from_the_store(tmp_path: Path) -> None:
    flow = chain(history_limit=50)
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db") as dashboard:
        job = flow.execute("emitter", {"count": 400})
        kept = job.read_history(0, 0)
        assert kept.first > 1

        def read(query: str) -> Any:
            return get(dashboard, f"/jobs/{job.job_id}/history?{query}")

        eventually(lambda: len(read("limit=1000")["records"]) == kept.total)
        page = read("limit=1000")
        assert [record["seq"] for record in page["records"]] == list(range(1, kept.total + 1))
        assert (page["first"], page["last"], page["total"]) == (1, kept.total, kept.total)
        last = kept.total + 1
        for limit in (10, 50, 80, 1000):
            found = [record["seq"] for record in read(f"before={last}&limit={limit}")["records"]]
            assert found == list(range(max(last - limit, 1), last))
        middle = [record["seq"] for record in read(f"after={kept.first - 5}&limit=9")["records"]]
        assert middle == list(range(kept.first - 4, kept.first + 5))
        with_39 = [39, 139, 239, 339, *range(390, 400)]
        assert [record["data"]["i"] for record in read("q=39&kind=event&limit=1000")["records"]] == with_39
        assert [
            record["data"]["i"] for record in read(f"q=39&kind=event&before={last}&limit=12")["records"]
        ] == with_39[2:]


def test_a_live_jobs_answers_are_exact_at_once(tmp_path: Path) -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db") as dashboard:
        job = flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=10)
        path = f"/jobs/{job.job_id}"
        assert len(get(dashboard, f"{path}/history?outcome=completed")["records"]) == 1
        assert get(dashboard, f"{path}/at?seq=4")["counts"]["events"] == 3
        assert get(dashboard, f"{path}/history/1/effects")["complete"]
        collector.gate.set()
        eventually(lambda: get(dashboard, path)["status"] == "completed")
        assert len(get(dashboard, f"{path}/history?outcome=completed&limit=1000")["records"]) == 4


# -- recordings


def test_a_recording_goes_from_one_server_to_another(tmp_path: Path) -> None:
    flow = choosing()
    with Dashboard(flow, port=0, store=tmp_path / "one.db") as one:
        job_id = finished(flow)
        source = get(one, f"/jobs/{job_id}")
        recording = ask(one, "GET", f"/api/v1/jobs/{job_id}/recording.jsonl")
        assert recording.status == 200
        assert recording.headers["Content-Type"] == "application/x-ndjson"
        assert f'filename="chain-{job_id[:8]}.jsonl"' in recording.headers["Content-Disposition"]
        history = get(one, f"/jobs/{job_id}/history?limit=1000")
    lines = {"Content-Type": "application/x-ndjson"}
    with Dashboard(port=0, store=tmp_path / "two.db") as two:
        taken = ask(two, "POST", "/api/v1/recordings", recording.body, lines)
        assert taken.status == 201, taken.body
        assert taken.json["job_id"] == job_id
        assert taken.headers["Location"] == f"/api/v1/jobs/{job_id}"
        imported = get(two, f"/jobs/{job_id}")
        for name in ("status", "seq", "counts", "connections", "created_at", "origin"):
            assert imported[name] == source[name], name
        assert {k: v["done"] for k, v in imported["routines"].items()} == {
            k: v["done"] for k, v in source["routines"].items()
        }
        assert get(two, f"/jobs/{job_id}/history?limit=1000")["records"] == history["records"]
        assert ask(two, "POST", "/api/v1/recordings", recording.body, lines).status == 200


def test_a_mask_hides_payloads_and_none_of_the_engines_own_words(tmp_path: Path) -> None:
    flow = chain()
    with Dashboard(flow, port=0, store=tmp_path / "one.db") as one:
        job_id = flow.execute("emitter", {"count": 2, "text": "hidden"}).job_id
        path = f"/api/v1/jobs/{job_id}/recording"
        recording = ask(one, "GET", f"{path}.jsonl?mask=text,status&mask=e").body
        assert b"hidden" not in recording
        assert ask(one, "GET", f"{path}.html?mask=e").status in (200, 503)
    with Dashboard(port=0, store=tmp_path / "two.db") as two:
        taken = ask(two, "POST", "/api/v1/recordings", recording, {"Content-Type": "application/x-ndjson"})
        assert (taken.status, taken.json["status"], taken.json["seq"]) == (201, "completed", 4)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}\n", "application/x-ndjson", 422),
        (b"", "application/x-ndjson", 422),
        (b"\xff\xfe", "application/x-ndjson", 422),
        (b"{}", "text/html", 415),
        (b"{}", "application/json", 415),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, body: bytes, kind: str, status: int) -> None:
    with Dashboard(port=0, store=tmp_path / "jobs.db") as dashboard:
        is_problem(ask(dashboard, "POST", "/api/v1/recordings", body, {"Content-Type": kind}), status)


def test_a_server_without_a_store_takes_no_recording() -> None:
    with Dashboard(port=0, store="none") as dashboard:
        answer = ask(dashboard, "POST", "/api/v1/recordings", b"{}\n", {"Content-Type": "application/x-ndjson"})
        is_problem(answer, 409, "store")


def test_a_recording_of_a_job_that_had_not_ended_is_lost_elsewhere(tmp_path: Path) -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0, store=tmp_path / "one.db") as one:
        job = flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=10)
        recording = ask(one, "GET", f"/api/v1/jobs/{job.job_id}/recording.jsonl").body
        collector.gate.set()
    with Dashboard(port=0, store=tmp_path / "two.db") as two:
        taken = ask(two, "POST", "/api/v1/recordings", recording, {"Content-Type": "application/x-ndjson"})
        assert (taken.status, taken.json["status"]) == (201, "lost")
        assert get(two, f"/jobs/{job.job_id}")["last_sign"] is not None
        assert get(two, "/jobs")["counts"]["lost"] == 1
        is_problem(post(two, f"/jobs/{job.job_id}/pause"), 409)


@pytest.mark.parametrize("store", ["none", "jobs.db"])
def test_a_long_job_is_recorded_in_pieces_and_others_are_served_meanwhile(tmp_path: Path, store: str) -> None:
    flow = chain()
    place = store if store == "none" else tmp_path / store
    with Dashboard(flow, port=0, store=place) as dashboard:
        job = flow.execute("emitter", {"count": 20_000})
        eventually(lambda: get(dashboard, f"/jobs/{job.job_id}")["counts"]["events"] == 20_000, within=30)
        path = f"/api/v1/jobs/{job.job_id}/recording.jsonl"
        with closing(http.client.HTTPConnection(*address(dashboard), timeout=60)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.headers["Transfer-Encoding"] == "chunked"
            first = answer.read(1000)
            assert get(dashboard, "/healthz")["status"] == "ok"
            body = first + answer.read()
        lines = body.splitlines()
        assert sum(line.startswith(b'{"type":"record"') for line in lines) == 20_002
        assert lines[-1].startswith(b'{"type":"end"')


def test_a_recording_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_RECORDING", 100_000)
    with Dashboard(port=0, store=tmp_path / "jobs.db") as dashboard:
        body = b"{}\n" * 100_000
        answer = ask(dashboard, "POST", "/api/v1/recordings", body, {"Content-Type": "application/x-ndjson"})
        is_problem(answer, 413, "100,000")


def test_a_recording_is_one_html_file(tmp_path: Path) -> None:
    flow = chain(flow_id="a flow/with 'odd' \n name")
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db") as dashboard:
        job = flow.execute("emitter", {"count": 3})
        answer = ask(dashboard, "GET", f"/api/v1/jobs/{job.job_id}/recording.html")
        if answer.status == 503:
            pytest.skip("the front end is not built")
        assert answer.headers["Content-Type"].startswith("text/html")
        assert f'filename="a-flow-with-odd-name-{job.job_id[:8]}.html"' in answer.headers["Content-Disposition"]
        assert answer.body.startswith(b"<!doctype html>")
