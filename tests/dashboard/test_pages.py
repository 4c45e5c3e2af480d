"""The pages as they are served: templates, assets, problems for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from routilux import Flow
from routilux_dashboard import Dashboard, rendering
from routilux_dashboard.assets import folder, read_assets
from routilux_dashboard.web import pages
from tests.dashboard.flows import chain
from tests.dashboard.peers import Answer, ask

MANIFEST = {
    "static/src/main.ts": {"file": "assets/main-1.js", "css": ["assets/main-1.css"], "imports": ["_shared.js"]},
    "_shared.js": {"file": "assets/shared-2.js", "css": ["assets/shared-2.css"], "imports": ["_shared.js"]},
    "static/src/worker.ts": {"file": "assets/worker-3.js"},
}


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up build of the front end."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "assets" / "main-1.js").write_text("export {};")
    for room in (pages, rendering):
        monkeypatch.setattr(room, "built", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def flow() -> Flow:
    return chain(flow_id="<b>chain</b>")


@pytest.fixture
def dashboard(dist: Path, flow: Flow) -> Iterator[Dashboard]:
    with Dashboard(flow, port=0) as running:
        yield running


def page(dashboard: Dashboard, path: str) -> Answer:
    """A page as a browser asks for it."""
    return ask(dashboard, "GET", path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})


@pytest.mark.parametrize("path", ["/", "/jobs"])
def test_the_list_of_jobs_is_a_page_of_the_browsers_elements(dashboard: Dashboard, path: str) -> None:
    answer = page(dashboard, path)
    text = answer.body.decode()
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert '<html lang="en" data-live="offline" data-seq="0">' in text
    assert "<jobs-page>" in text
    assert '<script type="module" src="/static/assets/main-1.js">' in text
    assert '<link rel="stylesheet" href="/static/assets/main-1.css">' in text
    assert '<link rel="stylesheet" href="/static/assets/shared-2.css">' in text
    assert '<link rel="modulepreload" href="/static/assets/shared-2.js">' in text


def test_a_job_has_a_page_and_nothing_of_it_is_markup(dashboard: Dashboard, flow: Flow) -> None:
    job = flow.execute("emitter", {"count": 1})
    text = page(dashboard, f"/jobs/{job.job_id}").body.decode()
    assert f'<job-page job-id="{job.job_id}">' in text
    assert "&lt;b&gt;chain&lt;/b&gt;" in text
    assert "<b>chain" not in text


def test_no_page_has_a_script_or_style_in_it(dashboard: Dashboard, flow: Flow) -> None:
    job = flow.execute("emitter", {"count": 1})
    for path in ("/", f"/jobs/{job.job_id}", "/nope"):
        text = page(dashboard, path).body.decode()
        assert "<script>" not in text
        assert "<style" not in text
        assert "style=" not in text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_can_be_asked_for_in_the_address(dashboard: Dashboard, theme: str) -> None:
    assert f'data-theme="{theme}"' in page(dashboard, f"/?theme={theme}").body.decode()
    assert "data-theme" not in page(dashboard, "/?theme=%22x").body.decode()


@pytest.mark.parametrize(("path", "word"), [("/jobs/<i>nobody", "nobody"), ("/nope/<i>nobody", "nobody")])
def test_what_is_not_there_is_told_to_people_as_a_page(dashboard: Dashboard, path: str, word: str) -> None:
    answer = page(dashboard, path)
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert word in answer.body.decode()
    assert "<i>" not in answer.body.decode()


def test_programs_are_told_in_json(dashboard: Dashboard) -> None:
    assert ask(dashboard, "GET", "/nope", headers={"Accept": "application/json"}).json["status"] == 404


def test_built_files_may_be_kept_and_pages_may_not(dashboard: Dashboard) -> None:
    assert "max-age=31536000" in ask(dashboard, "GET", "/static/assets/main-1.js").headers["Cache-Control"]
    assert ask(dashboard, "GET", "/").headers["Cache-Control"] == "no-store"


def test_a_script_is_served_as_one(dashboard: Dashboard) -> None:
    assert "javascript" in ask(dashboard, "GET", "/static/assets/main-1.js").headers["Content-Type"]


@pytest.mark.parametrize(
    "path", ["/static/../manifest.json", "/static/%2e%2e/%2e%2e/pyproject.toml", "/static//etc/passwd"]
)
def test_no_path_leads_out_of_the_built_files(dashboard: Dashboard, path: str) -> None:
    assert ask(dashboard, "GET", path).status == 404


def test_a_missing_build_says_what_to_run(dist: Path, dashboard: Dashboard, caplog: pytest.LogCaptureFixture) -> None:
    (dist / "manifest.json").unlink()
    answer = page(dashboard, "/")
    assert answer.status == 503
    assert "not built" in answer.body.decode()
    assert "make demo" in answer.body.decode()
    assert "not built" in caplog.text


def test_a_manifest_is_found_where_vite_puts_it_and_a_broken_one_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{broken")
    assert read_assets(tmp_path).missing
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    assert read_assets(tmp_path).scripts == ["assets/main-1.js"]


def test_the_templates_are_found() -> None:
    assert (folder("templates") / "base.html").is_file()
