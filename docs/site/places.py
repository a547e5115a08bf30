"""Where a file of the repository lies on the site."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

# Files outside of docs/ -> their places on the site.
OUTSIDE = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks/index.md",
    "notebooks/README.md": "notebooks/index.md",
    "benchmarks/curves.png": "benchmarks/curves.png",
    "benchmarks/sharded.png": "benchmarks/sharded.png",
}
_SOURCES = {uri: source for source, uri in OUTSIDE.items()}


def source_of(uri: str) -> PurePosixPath:
    """The file that a page of the site was made of.

    >>> str(source_of("scaling.md")), str(source_of("notebooks/02_sharing.md"))
    ('docs/scaling.md', 'notebooks/02_sharing.ipynb')
    """
    if uri in _SOURCES:
        return PurePosixPath(_SOURCES[uri])
    if uri.startswith("notebooks/"):
        return PurePosixPath(uri).with_suffix(".ipynb")
    return PurePosixPath(f"docs/{uri}")


def uri_of(source: str) -> str | None:
    """The page that a file of the repository became; None where there is none.

    >>> uri_of("docs/scaling.md"), uri_of("README.md"), uri_of("tests/conftest.py")
    ('scaling.md', 'overview.md', None)
    """
    path = PurePosixPath(source)
    if source in OUTSIDE:
        return OUTSIDE[source]
    if path.parts[0] == "notebooks" and path.suffix == ".ipynb":
        return str(path.with_suffix(".md"))
    if path.parts[0] == "docs" and path.suffix in (".md", ".png", ".svg"):
        return str(path.relative_to("docs"))
    return None
