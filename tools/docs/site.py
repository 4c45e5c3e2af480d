"""The pages in docs/ as HTML that opens without a server, a network or a script."""

from __future__ import annotations

import re
import shutil
from html import escape
from itertools import pairwise
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from .palette import custom_properties

HERE = Path(__file__).parent
COLOURS = (
    "surface-0", "surface-1", "surface-2", "line", "line-soft", "ink-1", "ink-2", "ink-3", "accent", "accent-soft",
    "series-2", "series-3", "series-4", "series-6",
)  # fmt: skip
SECTIONS = (("", ""), ("guide", "Guide"), ("reference", "Reference"), ("about", "About it"))
ABOUT = frozenset({"dashboard.md", "command-line.md", "rest.md", "programs.md", "architecture.md", "migrating.md"})


def build(docs: Path, target: Path) -> int:
    """Write every page of `docs` below `target`, with pictures and style; return how many pages there are."""
    shutil.rmtree(target, ignore_errors=True)
    pages = {path: path.read_text(encoding="utf-8") for path in _ordered(docs)}
    titles = {path.relative_to(docs): title_of(text) for path, text in pages.items()}
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    for path, text in pages.items():
        place = path.relative_to(docs)
        html = template.substitute(
            title=escape(titles[place]),
            root="../" * (len(place.parts) - 1),
            navigation=_navigation(place, titles),
            page=to_html(text),
        )
        _write(target / html_name(place), html)
    style = custom_properties(COLOURS) + "\n" + (HERE / "page.css").read_text(encoding="utf-8")
    _write(target / "page.css", style)
    for picture in [*docs.rglob("*.svg"), *docs.rglob("*.png")]:
        copy = target / picture.relative_to(docs)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, copy)
    return len(pages)


def to_html(text: str) -> str:
    """A page's Markdown as HTML: headings can be linked to, links lead to HTML, code is highlighted.

    >>> to_html("## State & more\\n\\n[there](other.md#x)")
    '<h2 id="state--more">State &amp; more</h2>\\n<p><a href="other.html#x">there</a></p>\\n'
    """
    markdown = MarkdownIt("commonmark", {"highlight": _highlighted}).enable("table")
    tokens = markdown.parse(text)
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", slug(inline.content))
    for token in tokens:
        for child in token.children or ():
            href = child.attrGet("href")
            if isinstance(href, str) and "://" not in href:
                child.attrSet("href", re.sub(r"([^/]+)\.md(?=#|$)", lambda found: html_file(found[1]), href))
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def slug(heading: str) -> str:
    """A heading as links name it.

    >>> slug("`Flow.execute`, twice")
    'flowexecute-twice'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def title_of(text: str) -> str:
    """The first heading of a page."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def html_name(place: Path) -> Path:
    """Where the HTML of a page is."""
    return place.with_name(html_file(place.stem))


def html_file(stem: str) -> str:
    """The name of the HTML file: that of a folder's README is the one that is shown for the folder."""
    return "index.html" if stem == "README" else f"{stem}.html"


def _ordered(docs: Path) -> list[Path]:
    """Every page, in the order in which the pages that list them do so (each folder's README), then the others."""
    listed: list[Path] = []

    def visit(page: Path) -> None:
        if page not in listed and page.is_relative_to(docs):
            listed.append(page)
            if page.name == "README.md":
                for link in re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8")):
                    visit((page.parent / link).resolve())

    visit(docs / "README.md")
    return [*listed, *sorted(set(docs.rglob("*.md")).difference(listed))]


def _navigation(here: Path, titles: dict[Path, str]) -> str:
    parts = []
    for folder, head in SECTIONS:
        items = "".join(_item(place, title, here) for place, title in titles.items() if _section(place) == folder)
        parts.append((f"<h2>{head}</h2>" if head else "") + f"<ul>{items}</ul>")
    return "\n".join(parts)


def _section(place: Path) -> str:
    if len(place.parts) > 1:
        return place.parts[0]
    return "about" if place.name in ABOUT else ""


def _item(place: Path, title: str, here: Path) -> str:
    current = ' aria-current="page"' if place == here else ""
    link = "../" * (len(here.parts) - 1) + html_name(place).as_posix()
    shown = "Every name" if place.as_posix() == "reference/README.md" else title
    return f'<li><a href="{link}"{current}>{escape(shown)}</a></li>'


def _highlighted(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
