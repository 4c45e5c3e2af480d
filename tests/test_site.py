"""The pages as HTML: every page is there, every link leads somewhere, and nothing is asked of the network."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from tools.docs.__main__ import DOCS
from tools.docs.site import build


class Links(HTMLParser):
    """What a page links to and loads, and the places that it can be linked at."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append(tag)
        self.links += [link] if tag == "a" and (link := known.get("href")) else []
        self.loads += [link for name in ("src", "href") if tag != "a" and (link := known.get(name))]
        self.ids += [name] if (name := known.get("id")) else []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Links]:
    target = tmp_path_factory.mktemp("site")
    count = build(DOCS, target)
    pages: dict[Path, Links] = {}
    for path in target.rglob("*.html"):
        pages[path] = Links()
        pages[path].feed(path.read_text(encoding="utf-8"))
    assert len(pages) == count
    return pages


def test_every_page_of_the_documents_is_there(site: dict[Path, Links]) -> None:
    assert len(site) == len(list(DOCS.rglob("*.md")))


def test_every_link_leads_to_a_page_and_a_place_in_it(site: dict[Path, Links]) -> None:
    for page, found in site.items():
        for link in found.links:
            path, _, place = unquote(link).partition("#")
            target = (page.parent / path).resolve() if path else page
            if "://" not in link:
                assert target in site, f"{page.name}: {link}"
                assert not place or place in site[target].ids, f"{page.name}: {link}"


def test_what_a_page_loads_is_beside_it_and_no_page_has_a_script(site: dict[Path, Links]) -> None:
    for page, found in site.items():
        assert "script" not in found.tags
        for link in found.loads:
            assert (page.parent / link).resolve().is_file(), f"{page.name}: {link}"


def test_no_two_places_of_a_page_have_the_same_name(site: dict[Path, Links]) -> None:
    for page, found in site.items():
        assert len(found.ids) == len(set(found.ids)), page.name
