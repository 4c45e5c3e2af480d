"""The setup tools report what is missing and how to fix it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import browser, environment, lines, postgresql

ROOT = Path(__file__).resolve().parent.parent


def test_a_python_without_ensurepip_is_reported_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(environment.SetupFailed, match=r"'ensurepip' is missing.*\n.*apt-get install python3\.\d+-venv"):
        environment.create()


def test_a_dependency_group_includes_its_nested_groups() -> None:
    groups: dict[str, list[Any]] = {"a": ["x>=1"], "b": [{"include-group": "a"}, "y"]}
    assert list(environment.group("b", groups)) == ["x>=1", "y"]


def test_only_settings_that_affect_installation_trigger_a_new_one() -> None:
    project = {"build-system": {}, "project": {"version": "1"}, "dependency-groups": {}, "tool": {"hatch": {}}}
    before = environment.fingerprint(project)
    assert environment.fingerprint({**project, "tool": {"hatch": {}, "ruff": {"line-length": 1}}}) == before
    assert environment.fingerprint({**project, "project": {"version": "2"}}) != before


def test_a_configured_browser_that_is_not_executable_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.VARIABLE, "/no/such/chromium")
    with pytest.raises(
        browser.BrowserMissing, match="ROUTILUX_CHROMIUM='/no/such/chromium' is not an executable program"
    ):
        browser.find()


def test_a_machine_without_apt_gets_advice_on_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(browser.BrowserMissing, match=r"(?s)this machine has no apt-get.*ROUTILUX_CHROMIUM="):
        browser.install()


def test_a_configured_folder_without_a_database_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgresql.VARIABLE, "/no/such/bin")
    with pytest.raises(postgresql.ServerMissing, match="ROUTILUX_POSTGRESQL='/no/such/bin' has no initdb"):
        postgresql.find()


def test_a_machine_without_apt_gets_advice_on_the_database_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(postgresql.ServerMissing, match=r"(?s)this machine has no apt-get.*ROUTILUX_POSTGRESQL="):
        postgresql.install()


def test_make_without_a_target_lists_the_targets() -> None:
    listed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "check", "bench", "docs", "clean"):
        assert f"make {target} " in listed.stdout


def test_make_without_a_new_enough_python_says_so() -> None:
    command = ["make", "--no-print-directory", "PYTHON=", "venv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr


def test_blanks_comments_and_docstrings_are_no_lines_of_code() -> None:
    source = (
        '"""Module."""\n\nx = 1  # one\n"""Of x."""\n\ndef f():\n    """Of f."""\n    # why\n    return """a\nb"""\n'
    )
    assert lines.code_lines(source) == 4
