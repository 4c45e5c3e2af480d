"""docs/contributing.md works as written: each walkthrough is followed in a copy of the tree, and its checks pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
COPIED = (
    "engine", "dashboard", "tests", "tools", "docs", "static", "templates", "benchmarks", "examples", "pyproject.toml",
    "mkdocs.yml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "package.json", "tsconfig.json", "vite.config.ts",
    "vitest.config.ts",
)  # fmt: skip
SECTIONS = re.findall(r"^## (Add .+)\n((?:(?!^## ).*\n)+)", PAGE, re.MULTILINE)
STEP = re.compile(
    r"^ *(?P<how>Create|Append to|In) `(?P<path>[^`]+)`:$"
    r"|^(?P<indent> *)```(?P<kind>\w+)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


def apply_diff(text: str, diff: str) -> str:
    """Replace the lines marked ` ` and `-` by those marked ` ` and `+`, everywhere; the last may be cut."""
    lines = [(line[:1], line[1:]) for line in diff.splitlines()]
    old = "\n".join(line for mark, line in lines if mark != "+")
    new = "\n".join(line for mark, line in lines if mark != "-")
    assert old in text, f"not found:\n{old}"
    return text.replace(old, new)


def follow(section: str, root: Path) -> list[str]:
    """Make the changes that a section describes; return its shell commands."""
    commands, how, path = [], "", root
    for step in STEP.finditer(section):
        if step["how"]:
            how, path = step["how"], root / step["path"]
            continue
        code = textwrap.dedent(step["code"])
        if step["kind"] == "sh":
            commands += code.splitlines()
        elif step["kind"] == "diff":
            path.write_text(apply_diff(path.read_text(encoding="utf-8"), code), encoding="utf-8")
        elif how == "Append to":
            path.write_text(path.read_text(encoding="utf-8") + code, encoding="utf-8")
        else:
            assert how == "Create"
            assert not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, encoding="utf-8")
    return commands


def copy_tree(target: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".*cache")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=ignored)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, target / name)
    if (ROOT / "node_modules").exists():
        (target / "node_modules").symlink_to(ROOT / "node_modules")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("title", "section"), SECTIONS, ids=[title for title, _ in SECTIONS])
def test_a_walkthrough_works_as_written(title: str, section: str, tmp_path: Path) -> None:
    if "npm run" in section and not (ROOT / "node_modules").exists():
        pytest.skip("the browser side is not set up: `make frontend`")
    copy_tree(tmp_path)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(tmp_path / name) for name in ("engine", "dashboard")),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    commands = follow(section, tmp_path)
    assert commands
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{title}: {command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def test_a_change_that_no_longer_fits_is_noticed() -> None:
    assert apply_diff("a\nb\nc\n", " a\n-b\n+d\n") == "a\nd\nc\n"
    with pytest.raises(AssertionError, match="not found"):
        apply_diff("a\nc\n", " a\n-b\n+d\n")
