"""`make docs` builds every page without a warning, and the pages load nothing from other hosts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOADS = re.compile(r"""<(?!a\b)\w+[^>]+(?:src|href)="([^"]+)"|url\(['"]?((?!data:)[^)'"]+)|@import ['"]([^'"]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(target)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return target


def test_every_document_becomes_a_page(site: Path) -> None:
    documents = {page.relative_to(ROOT / "docs").with_suffix("") for page in ROOT.glob("docs/**/*.md")}
    for document in documents:
        assert (site / document.with_name(document.name.replace("README", "index")).with_suffix(".html")).exists()


def test_pages_load_only_files_of_the_site(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        if path.name == "404.html":  # a server sends it for any path, so its links begin with /
            continue
        for found in LOADS.findall(path.read_text(encoding="utf-8")):
            target = "".join(found).partition("?")[0].partition("#")[0]
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_docstrings_are_rendered_with_their_examples(site: Path) -> None:
    page = (site / "reference" / "routine.html").read_text(encoding="utf-8")
    assert 'id="routilux.Routine.define_slot"' in page
    assert 'id="routine"' in page
    assert "<blockquote>" not in page  # a doctest outside a code block would become one
