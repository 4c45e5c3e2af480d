"""An installed package contains the pages, however it was installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tools import frontend, node, wheel

ROOT = Path(__file__).resolve().parent.parent


def build(kind: str, folder: Path, to: Path, **environ: str) -> Path:
    """Build a wheel or an sdist of a source tree with its own build backend; returns the file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(to)]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(to.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel and an sdist of the checkout."""
    frontend.build(ROOT)
    folder = tmp_path_factory.mktemp("built")
    return {kind: build(kind, ROOT, folder) for kind in ("wheel", "sdist")}


def test_the_wheel_has_everything_that_the_pages_need(built: dict[str, Path]) -> None:
    assert wheel.problems(built["wheel"]) == []


def test_an_sdist_makes_the_same_wheel_without_npm(built: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(built["sdist"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("routilux_dashboard-*")
    nowhere = "http://127.0.0.1:9"
    again = build("wheel", unpacked, tmp_path / "again", npm_config_registry=nowhere)
    assert not (unpacked / "node_modules").exists()
    assert names(again) == names(built["wheel"])


def test_a_wheel_without_the_pages_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "empty.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("routilux_dashboard/static/dist/manifest.json", '{"m": {"file": "a.js", "isEntry": true}}')
        archive.writestr("routilux_dashboard/static/src/main.ts", "")
    found = wheel.problems(path)
    assert "missing: routilux_dashboard/static/dist/a.js" in found
    assert "missing: routilux_dashboard/templates/" in found
    assert "does not belong there: routilux_dashboard/static/src/main.ts" in found


def test_a_changed_source_makes_a_build_out_of_date(tmp_path: Path) -> None:
    for name in (*frontend.TOOL_FILES, "static/src/main.ts", "static/src/main.test.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    dist = tmp_path / "static" / "dist"
    dist.mkdir()
    (dist / "manifest.json").write_text("{}")
    assert not frontend.up_to_date(tmp_path)
    (dist / frontend.STAMP).write_text(frontend.fingerprint(tmp_path))
    assert frontend.up_to_date(tmp_path)
    (tmp_path / "static/src/main.test.ts").write_text("2")
    assert frontend.up_to_date(tmp_path)
    (tmp_path / "static/src/main.ts").write_text("2")
    assert not frontend.up_to_date(tmp_path)


def test_a_failed_build_says_what_npm_said_and_what_to_do(tmp_path: Path) -> None:
    for name in (*frontend.TOOL_FILES, "static/src/main.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("no JSON")
    with pytest.raises(frontend.BuildFailed, match=r"(?s)npm ci failed with exit code 1.*ROUTILUX_SKIP_FRONTEND=1"):
        frontend.build(tmp_path)


def test_the_requirement_of_node_is_written_the_same_in_both_places() -> None:
    assert f'front-end = ["{node.REQUIREMENT}"]' in (ROOT / "pyproject.toml").read_text()


def names(path: Path) -> list[str]:
    """The names in a wheel, sorted."""
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.namelist())
