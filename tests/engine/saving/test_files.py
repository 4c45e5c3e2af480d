"""Replacing a file as a whole."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from routilux.persistence import files
from routilux.persistence.files import write_atomic
from tests.engine.parts import in_threads

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_missing_directories_are_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b" / "c.txt", "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os if step == "fsync" else Path, step, full)
    with pytest.raises(OSError, match="the disk is full"):
        write_atomic(path, "new")
    monkeypatch.undo()
    assert (path.read_text(), names(tmp_path)) == ("old", ["file"])


def test_an_interrupted_write_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", "new")
    assert names(tmp_path) == []


def test_the_new_content_is_synced_before_it_replaces_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def noting(owner: object, name: str) -> None:
        real: Callable[..., object] = getattr(owner, name)

        def noted(*args: object) -> object:
            steps.append(name)
            return real(*args)

        monkeypatch.setattr(owner, name, noted)

    noting(os, "fsync")
    noting(Path, "replace")
    write_atomic(tmp_path / "file", "new")
    assert steps == ["fsync", "replace", "fsync"]  # the last is the directory's


@posix
def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_text("x")
    write_atomic(tmp_path / "new", "x")
    assert (tmp_path / "new").stat().st_mode == usual.stat().st_mode
    usual.chmod(0o640)
    write_atomic(usual, "y")
    assert stat.S_IMODE(usual.stat().st_mode) == 0o640


@posix
def test_a_private_file_is_private_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o600)
    modes: list[int] = []
    real = os.fsync

    def look(handle: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        real(handle)

    monkeypatch.setattr(os, "fsync", look)
    write_atomic(path, "new")
    assert modes[0] == 0o600


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real" / "file")
    for text in ("one", "two"):
        write_atomic(link, text)
        assert link.is_symlink()
        assert (tmp_path / "real" / "file").read_text() == text
    assert names(tmp_path / "real") == ["file"]


def test_a_temporary_file_left_by_a_killed_process_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".file.tmp").write_text("half of i")
    write_atomic(tmp_path / "file", "whole")
    assert ((tmp_path / "file").read_text(), names(tmp_path)) == ("whole", ["file"])


@posix
def test_a_link_at_the_temporary_path_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".file.tmp").symlink_to(victim)
    write_atomic(tmp_path / "file", "new")
    assert (victim.read_text(), (tmp_path / "file").read_text()) == ("precious", "new")


@posix
def test_a_temporary_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    with (tmp_path / ".file.tmp").open("w") as busy:
        assert files._locked(busy.fileno())
        write_atomic(tmp_path / "file", "new")
        assert names(tmp_path) == [".file.tmp", "file"]
    write_atomic(tmp_path / "file", "newer")
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("locks", ["usual", "none"])
@pytest.mark.usefixtures("hasty_switches")
def test_threads_that_write_one_file_at_once_leave_one_whole_content(
    locks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if locks == "none":
        monkeypatch.setattr(files, "_locked", lambda handle: None)
    path = tmp_path / "file"
    texts = [str(number) * 50_000 for number in range(6)]

    def write(text: str) -> None:
        for _ in range(20):
            write_atomic(path, text)
            assert path.read_text() in texts

    in_threads(*(lambda text=text: write(text) for text in texts))
    assert path.read_text() in texts
    assert names(tmp_path) == ["file"]


def test_a_lone_surrogate_is_escaped_as_in_json(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", "\udc80 ä")
    assert (tmp_path / "file").read_bytes() == b"\\udc80 \xc3\xa4"
