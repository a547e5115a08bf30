"""The tasks of a working day: `nox -s smoke`, `nox -s test -- tests/laws`, and so on.

They run in the environment that nox is installed in: see CONTRIBUTING.md. What follows
`--` is passed on. `nox -l` lists them.
"""

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "smoke"]

SITE = ("-f", "docs/site/mkdocs.yml")


@nox.session
def smoke(session: nox.Session) -> None:
    """A few cases of each law and one test of each part, in forty seconds."""
    session.run("pytest", "-q", "-n", "2", "-m", "smoke", *session.posargs)


@nox.session
def test(session: nox.Session) -> None:
    """All tests but the notebooks, or those that are named."""
    session.run("pytest", "-q", "-n", "2", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """A hundred times as many random cases of the laws; `--share` and `--seed`."""
    session.run("pytest", "-q", "-n", "2", "-m", "long", *session.posargs)


@nox.session
def notebooks(session: nox.Session) -> None:
    """Each notebook in a kernel, in order and backwards."""
    session.run("pytest", "-q", "-n", "2", "-m", "kernel", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    session.run("ruff", "check", ".", *session.posargs)
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The site, strictly: a dead link fails."""
    session.env["NO_MKDOCS_2_WARNING"] = "1"
    session.run("mkdocs", "build", "--quiet", "--strict", *SITE, *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks; `-- --only cold-init-gpt-12` runs one row."""
    session.run("python", "-m", "benchmarks", *session.posargs)
