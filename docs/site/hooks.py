"""What mkdocs is told as it builds: pages from elsewhere, their links, and a check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import links
import places

import notebooks


def on_files(files: Files, config: Any) -> Files:
    """Adds the notebooks and the pages that lie outside of docs/."""
    for source, uri in places.OUTSIDE.items():
        path = places.ROOT / source
        files.append(File.generated(config, uri, content=path.read_bytes()))
    for path in sorted(places.ROOT.glob("notebooks/*.ipynb")):
        for uri, content in notebooks.pages(path).items():
            files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **rest: Any) -> str:
    """Points links at places of the repository to their pages."""
    return links.repointed(markdown, page.file.src_uri)


def on_post_build(config: Any) -> None:
    """Fails where a link, an anchor or a picture of the built pages leads nowhere."""
    dead = links.dead(Path(config.site_dir))
    if dead:
        raise PluginError("Dead links:\n" + "\n".join(dead))
