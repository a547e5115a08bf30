"""The documentation: complete, and it tells what happens."""

import doctest
import importlib
import re
import types

import pytest

import scopejax
from scopejax.__main__ import _parser

from ..helpers.pages import ROOT, told
from ..helpers.public_names import NAMES

DOCS = ROOT / "docs"
API = "".join(page.read_text() for page in sorted((DOCS / "api").glob("*.md")))
SHOWN = re.findall(r"^::: ([\w.]+)", API, re.MULTILINE)
KINDS = [
    kind
    for kind in scopejax.ScopeError.__subclasses__()
    if kind.__module__.startswith("scopejax")
]


def shown(name):
    """The object that an entry of the API is about."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("module", "name"), NAMES, ids=[f"{m.__name__}.{n}" for m, n in NAMES]
)
def test_every_public_name_is_in_the_api(module, name):
    """What has a public name has an entry, and a module is spoken of."""
    value = getattr(module, name)
    if isinstance(value, types.ModuleType):
        assert value.__name__.removeprefix("scopejax.") in API
    else:
        assert any(shown(entry) is value for entry in SHOWN if "." in entry)


def test_no_name_is_shown_twice():
    """The API has one entry a name."""
    assert len(SHOWN) == len(set(SHOWN))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_error_has_its_page(kind):
    """The page that a message names is there, and stands in the list of pages."""
    page = DOCS / f"{kind.docs}.md"
    assert page.exists()
    assert f"({page.name})" in (DOCS / "errors" / "index.md").read_text()
    if not kind.__name__.startswith("_"):
        assert page.read_text().startswith(f"# {kind.__name__}\n")


PAGES = [
    DOCS / "index.md",
    DOCS / "get_started.md",
    DOCS / "checkpoints.md",
    *sorted((DOCS / "errors").glob("*.md")),
    *sorted((DOCS / "recipes").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_blocks_tell_what_follows(page):
    """Each Python block tells the text block that comes after it, and nothing else."""
    for code, shown, said in told(page):
        assert _plain(shown) == _plain(said), code


def test_an_empty_block_is_a_mistake(tmp_path):
    """A page that shows nothing where something is told was not finished."""
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n```text\n```\n")
    with pytest.raises(AssertionError, match="empty block"):
        list(told(page))


def test_every_recipe_is_in_the_lists():
    """A recipe is in the list of recipes and in the site's."""
    site = (DOCS / "site" / "mkdocs.yml").read_text()
    listed = (DOCS / "recipes" / "index.md").read_text()
    for page in (DOCS / "recipes").glob("*.md"):
        assert f"- recipes/{page.name}\n" in site
        assert page.stem == "index" or f"]({page.name})" in listed


def _plain(text):
    """Text without what depends on the widths of columns."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line.strip("-") for line in lines]


def options(parser):
    """The long options of a parser and of its commands."""
    for action in parser._actions:
        yield from (name for name in action.option_strings if name.startswith("--"))
        if isinstance(action.choices, dict):
            for command in action.choices.values():
                yield from options(command)


def test_every_option_of_the_command_line_is_in_the_api():
    """The page of the command line has a row for each option."""
    page = (DOCS / "api" / "command_line.md").read_text()
    assert {name for name in options(_parser()) if f"`{name}" not in page} == set()


@pytest.mark.parametrize("name", ["places", "links"])
def test_the_tools_do_what_they_say(name, monkeypatch):
    """The doctests of what builds the site."""
    monkeypatch.syspath_prepend(str(DOCS / "site"))
    assert doctest.testmod(importlib.import_module(name)).failed == 0
