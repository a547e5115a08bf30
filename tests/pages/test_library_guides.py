"""The guides for users of other libraries, the questions, and the sharp bits."""

import re

import pytest

from ..helpers.pages import ROOT, blocks, told

DOCS = ROOT / "docs"
LIBRARIES = ("from_flax.md", "from_haiku.md", "from_equinox.md")
PAGES = (*LIBRARIES, "faq.md", "sharp_bits.md")

# What people suffer from elsewhere, in the words of the heading that answers it.
ASKED = (
    "init is slow",
    "minutes to compile",
    "UnexpectedTracerError",
    "nn.scan",
    "in a branch",
    "same mask",
    "added a layer",
    "same initial values",
    "CheckpointDense_0",
    "get a copy",
    "tie weights",
    "share parameters",
    "Out of memory at init",
    "nn.Partitioned",
    "mutable=",
    "Batch statistics under `vmap`",
    "error mean",
    "Activation functions",
    "freeze",
    "refuses my random key",
    "PyTorch",
    "param_dtype",
    "summary",
    "autoreload",
    "slow in Python",
    "profiler",
)

# A phrase of the sharp bits for each of the README's limits, in their order.
LIMITS = (
    "Python decides on a value",
    "custom_vjp",
    "A stack needs its length",
    "one such trace",
    "SCOPEJAX_FUSED=off",
    "one backend",
    "What JAX does not run again is not seen",
    "A random key in a loop that closes over its scope",
    "Where state cannot be written",
    "A custom getter, and one trace for all layers",
    "Dtypes are checked at apply",
    "In TF1's style",
    "A device draws its own part",
    "JAX splits evenly or not at all",
)


@pytest.mark.parametrize("page", PAGES)
def test_blocks_tell_what_follows(page):
    """Each Python block tells the text block that comes after it, and nothing else."""
    for code, shown, said in told(DOCS / page):
        assert shown == said, code


def headings(page):
    """The headings of a page, without those that are comments in code."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(), flags=re.M | re.S)
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


def anchors(page):
    """What a link may name on a page."""
    words = (re.sub(r"[^\w\- ]", "", heading).lower() for heading in headings(page))
    return {word.strip().replace(" ", "-") for word in words}


@pytest.mark.smoke
@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """Each link is to a file that exists, and its anchor to a heading of it."""
    text = re.sub(r"`[^`\n]+`", "", (DOCS / page).read_text())
    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        linked = DOCS / file if file else DOCS / page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_the_model_is_the_same_on_each_page():
    """The guides compare one model of scopejax with the other libraries' own."""
    found = [
        next(code for _, code, _ in blocks(DOCS / page) if "def classifier" in code)
        for page in LIBRARIES
    ]
    assert len({code.partition("\n\n\nnet = ")[0].strip() for code in found}) == 1


@pytest.mark.parametrize("words", ASKED)
def test_a_question_is_found_by_its_words(words):
    """A heading of the questions has the words that one would search for."""
    assert any(words in heading for heading in headings(DOCS / "faq.md"))


def test_the_sharp_bits_have_the_limits():
    """What the README lists as a limit is on the page, too."""
    limits = (ROOT / "README.md").read_text().partition("\n## Limits\n")[2]
    limits = limits.partition("\n## ")[0]
    assert len(re.findall(r"^- \*\*", limits, re.MULTILINE)) == len(LIMITS)
    text = (DOCS / "sharp_bits.md").read_text()
    assert [phrase for phrase in LIMITS if phrase not in text] == []
