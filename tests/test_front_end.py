"""What the browser gets: types that are the server's, and no word to anybody else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tools import frontend, node

ROOT = Path(__file__).resolve().parent.parent
TYPES = ROOT / "static" / "src" / "live" / "protocol.ts"

NEVER_ASKED = {
    "www.w3.org": "names of XML's namespaces",
    "socket.io": "where an error message of socket.io-client sends its reader",
}
"""Hosts that the bundle may name, and why nothing is requested from them."""
NEVER_ASKED_BY_SWAGGER_UI = {
    **dict.fromkeys(
        ["datatracker.ietf.org", "json-schema.org", "spdx.org", "spec.openapis.org", "www.rfc-editor.org"],
        "names of specifications, and links to them",
    ),
    **dict.fromkeys(
        ["fb.me", "github.com", "reactjs.org", "redux.js.org", "swagger.io", "vladimirgorej.com"],
        "links for readers, in messages and comments",
    ),
    **dict.fromkeys(
        [
            "example.com",
            "instagram.com",
            "soundcloud.com",
            "twitter.com",
            "www.facebook.com",
            "www.tiktok.com",
            "실례.com",
        ],
        "examples of addresses",
    ),
    "validator.swagger.io": "what its badge would ask, which is switched off (static/src/rest-docs.ts)",
}
"""The same for the page to try REST; tests/browser/test_rest_docs.py checks that it makes no requests."""


def test_the_browsers_types_are_those_of_the_protocol(tmp_path: Path) -> None:
    schema = subprocess.run([sys.executable, "-m", "routilux_dashboard.protocol"], capture_output=True, check=True)
    again = tmp_path / "protocol.ts"
    command = [str(node.node()), "tools/types.mjs", str(again)]
    subprocess.run(command, input=schema.stdout, cwd=ROOT, check=True)
    assert again.read_text() == TYPES.read_text(), "the protocol has changed: run `make types`, commit the file"


def hosts(text: str) -> set[str]:
    """Every host that a script or style names, with a scheme or as `//host/…` in a string or `url()`."""
    with_scheme = re.findall(r"(?:https?|wss?)://[^\s\"'`)\\]+", text)
    without = re.findall(r"[\"'`(](//[\w-]+(?:\.[\w-]+)+[^\s\"'`)]*)", text)
    return {host for url in [*with_scheme, *without] if (host := urlsplit(url).hostname) and "${" not in host}


def test_nothing_in_the_bundle_asks_anybody_else() -> None:
    frontend.build(ROOT)
    files = [path for path in (ROOT / "static" / "dist").rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    assert files
    named = {(host, path.name) for path in files for host in hosts(path.read_text(encoding="utf-8"))}
    assert {(host, name) for host, name in named if host not in known_in(name)} == set()


def known_in(file: str) -> set[str]:
    return {*NEVER_ASKED, *(NEVER_ASKED_BY_SWAGGER_UI if file.startswith("rest-docs-") else ())}


def test_the_bundle_has_no_source_maps_and_no_data_fonts() -> None:
    frontend.build(ROOT)
    dist = ROOT / "static" / "dist"
    assert list(dist.rglob("*.map")) == []
    assert [path.name for path in dist.rglob("*.css") if "data:font" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ('fetch("https://cdn.example/x.js")', "cdn.example"),
        ("@import url(//fonts.example/inter.css)", "fonts.example"),
        ("new WebSocket(`wss://live.example:1/`)", "live.example"),
        ('import("//esm.example/lit")', "esm.example"),
    ],
)
def test_a_host_in_the_bundle_is_found(text: str, host: str) -> None:
    assert hosts(text) == {host}


def test_addresses_made_at_run_time_and_comments_are_not_hosts() -> None:
    assert hosts("`${scheme}://${host}/live`; // a comment\n'//'; \"/a//b.c\"") == set()
