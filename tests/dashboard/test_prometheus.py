"""`/metrics` as Prometheus reads it: exact, bounded by flows, never falling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from routilux import Flow
from routilux_dashboard import Dashboard, serving
from routilux_dashboard.store import Store
from tests.dashboard.flows import chain, gated
from tests.dashboard.peers import address, ask, get, live
from tests.dashboard.recording.made_up import a_run
from tests.waiting import eventually

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def flow() -> Flow:
    return chain()


@pytest.fixture
def dashboard(flow: Flow) -> Iterator[Dashboard]:
    with Dashboard(flow, port=0, keep_jobs=2) as running:
        yield running


def scraped(dashboard: Dashboard) -> Samples:
    """Every sample by its name and labels."""
    answer = ask(dashboard, "GET", "/metrics")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.body.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def test_events_runs_and_errors_are_counted_by_flow(dashboard: Dashboard, flow: Flow) -> None:
    flow.execute("emitter", {"count": 7})
    flow.execute("emitter", {"count": "x"})
    samples = scraped(dashboard)
    assert of(samples, "routilux_events_total", flow="chain") == 7
    assert of(samples, "routilux_handler_runs_total", flow="chain", outcome="completed") == 8
    assert of(samples, "routilux_handler_runs_total", flow="chain", outcome="error") == 1
    assert of(samples, "routilux_errors_total", flow="chain") == 1
    assert of(samples, "routilux_jobs", status="completed") == 1
    assert of(samples, "routilux_jobs", status="failed") == 1
    assert of(samples, "routilux_jobs", status="running") == 0


def test_totals_never_fall_though_jobs_are_let_go_from_memory(dashboard: Dashboard, flow: Flow) -> None:
    before = 0.0
    for round_ in range(1, 5):
        for _ in range(3):
            flow.execute("emitter", {"count": 5})
        eventually(lambda: len(dashboard._job_table.jobs()) == 2)
        samples = scraped(dashboard)
        total = of(samples, "routilux_events_total", flow="chain")
        assert total == 15 * round_ > before
        before = total
        assert of(samples, "routilux_jobs", status="completed") == 2


def test_jobs_are_counted_as_the_list_counts_them_and_those_in_memory_apart(tmp_path: Path, flow: Flow) -> None:
    with Store(str(tmp_path / "jobs.db")) as store:
        store.put(list(a_run(30, ended=False)))
    with Dashboard(flow, port=0, keep_jobs=2, store=tmp_path / "jobs.db") as dashboard:
        for _ in range(5):
            flow.execute("emitter", {"count": 1})
        eventually(lambda: get(dashboard, "/jobs")["counts"]["completed"] == 5)
        eventually(lambda: len(dashboard._job_table.jobs()) == 2)
        samples, counts = scraped(dashboard), get(dashboard, "/jobs")["counts"]
        assert (counts["completed"], counts["lost"]) == (5, 1)
        assert {status: of(samples, "routilux_jobs", status=status) for status in counts} == counts
        in_memory = {status: of(samples, "routilux_jobs_in_memory", status=status) for status in counts}
        assert in_memory == dict.fromkeys(counts, 0) | {"completed": 2}


def test_while_the_store_cannot_be_read_the_jobs_in_memory_are_counted(
    tmp_path: Path, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "STORE_SECONDS", 0.1)
    path = tmp_path / "jobs.db"
    path.write_bytes(b"this is no database" * 500)
    with Dashboard(flow, port=0, store=path) as dashboard:
        flow.execute("emitter", {"count": 1})
        eventually(lambda: of(scraped(dashboard), "routilux_jobs", status="completed") == 1)
        assert of(scraped(dashboard), "routilux_store_state", state="failing") == 1


def test_what_waits_and_runs_is_shown_by_flow() -> None:
    flow, collector = gated(flow_id='odd "flow"\n\\ id')
    with Dashboard(flow, port=0) as dashboard:
        flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=10)
        eventually(lambda: of(scraped(dashboard), "routilux_queued", flow=flow.flow_id) == 2)
        assert of(scraped(dashboard), "routilux_running", flow=flow.flow_id) == 1
        collector.gate.set()


def test_there_is_one_series_for_a_flow_however_many_jobs_it_has(dashboard: Dashboard, flow: Flow) -> None:
    flow.execute("emitter", {"count": 1})
    names = set(scraped(dashboard))
    for _ in range(10):
        flow.execute("emitter", {"count": 1})
    assert set(scraped(dashboard)) == names


def test_clients_frames_store_and_process_are_shown(dashboard: Dashboard, flow: Flow) -> None:
    with live(dashboard):
        flow.execute("emitter", {"count": 1})
        samples = scraped(dashboard)
        assert of(samples, "routilux_clients") == 1
    assert of(samples, "routilux_frames_total") > 0
    assert of(samples, "routilux_programs") == 0
    assert sum(of(samples, "routilux_store_state", state=state) for state in ("none", "ok", "behind", "failing")) == 1
    assert of(samples, "routilux_store_waiting_rows") >= 0
    assert of(samples, "routilux_store_lost_rows_total") == 0
    assert of(samples, "routilux_thinned_records_total") == 0
    assert of(samples, "process_resident_memory_bytes") > 1e6


def test_a_foreign_host_gets_no_figures(dashboard: Dashboard) -> None:
    with closing(HTTPConnection(*address(dashboard), timeout=10)) as connection:
        connection.request("GET", "/metrics", headers={"Host": "evil.example"})
        assert connection.getresponse().status == 403


def test_two_dashboards_in_one_program_have_figures_of_their_own(dashboard: Dashboard, flow: Flow) -> None:
    flow.execute("emitter", {"count": 1})
    with Dashboard(chain(flow_id="other"), port=0) as other:
        assert ("routilux_events_total", (("flow", "chain"),)) not in scraped(other)
        assert of(scraped(dashboard), "routilux_events_total", flow="chain") == 1
