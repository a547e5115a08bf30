"""Links: between files of the repository as between pages, and none that is dead."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import places

# A fenced block, which is left alone; or the text and the target of a link.
LINK = re.compile(
    r"(?P<code>^ *```.*?^ *```|`[^`\n]+`)"
    r"|(?P<text>!?\[[^\]\n]*\])\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)",
    re.MULTILINE | re.DOTALL,
)


def repointed(markdown: str, uri: str) -> str:
    """The text of a page, with links to files of the repository to their pages.

    What has no page keeps its text and loses its link.
    """
    folder = places.source_of(uri).parent

    def pointed(found: re.Match[str]) -> str:
        if found["code"] or urlsplit(found["target"]).scheme:
            return found[0]
        source = posixpath.normpath(str(folder / found["target"]))
        page = places.uri_of(source)
        if page is None and (places.ROOT / source).exists():
            return found["text"].strip("[]")
        if page is None:
            return found[0]  # mkdocs has the words for it
        target = os.path.relpath(page, posixpath.dirname(uri) or ".")
        return f"{found['text']}({target}{found['anchor'] or ''})"

    return LINK.sub(pointed, markdown)


class _Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if name in ("href", "src") and value:
                self.targets.append(value)


def dead(site: Path) -> list[str]:
    """What the pages below `site` link to, and is not there: ``target (on page)``."""
    pages = {path: _Page(path) for path in site.rglob("*.html") if path.stem != "404"}
    found: dict[str, list[str]] = {}
    for path, page in pages.items():
        for target in _dead_on(page, pages):
            found.setdefault(target, []).append(str(path.relative_to(site)))
    return [
        f"  {target} (on {', '.join(on[:3])}{', ...' if on[3:] else ''})"
        for target, on in sorted(found.items())
    ]


def _dead_on(page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for target in dict.fromkeys(page.targets):
        url = urlsplit(target)
        if url.scheme or url.netloc:
            continue
        path = Path(os.path.normpath(page.path.parent / unquote(url.path)))
        path = path if url.path else page.path
        path = path / "index.html" if path.is_dir() else path
        anchor = unquote(url.fragment)
        missing = anchor and path in pages and anchor not in pages[path].anchors
        if missing or not path.exists():
            yield target
