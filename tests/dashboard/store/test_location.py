"""Where a store is: as named, from the environment, or the user's default file."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from routilux_dashboard.store import Store, locate


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROUTILUX_STORE", raising=False)


def test_the_default_is_a_file_in_the_users_data_folder_which_is_created(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "share" / "routilux")
    place = locate(None)
    assert place == str(tmp_path / "share" / "routilux" / "jobs.db")
    with Store(place) as store:
        assert store.health.state == "ok"


def test_the_environment_variable_names_another_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTILUX_STORE", "postgresql://host/runs")
    assert locate(None) == "postgresql://host/runs"
    assert locate("mine.db") == "mine.db"
    monkeypatch.setenv("ROUTILUX_STORE", "none")
    assert locate(None) is None


def test_none_means_no_store() -> None:
    assert locate("none") is None
    assert locate("None") is None


def test_a_path_may_be_a_path(tmp_path: Path) -> None:
    assert locate(tmp_path / "jobs.db") == str(tmp_path / "jobs.db")
