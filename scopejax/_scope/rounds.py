"""Recording in rounds: for a model that computes on a scope as a tree of arrays.

While a model is recorded nothing is known of its variables, so a scope has no leaves.
That is enough for JAX's transforms, which hand a scope on, but not for a model that
looks at the leaves: `jax.tree.map` over two scopes, `ravel_pytree`, an optimizer. Such
a model is recorded once more, its scopes now with a placeholder for each variable that
is known, until a round finds what it began with. The last round has run the model on
the very tree that `init` makes.

Two more things let the first rounds find what there is:

* *Counterparts.* Scopes that `jax.tree.map` holds against each other have the same
  variables, or it fails. So what is asked for in the result is noted in all of them.
* *Stand-ins.* `vmap` needs a leaf to know its size. Where a round fails for want of
  leaves, the next one has a scalar in each scope without variables.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from .._base.errors import ScopeError, ScopeUsageError
from .._base.lines import user_line
from .._base.names import Path, join
from .._spec.spec import VariableSpec

_MOST = 20  # rounds: one for each step in a chain of parts that read one another

Specs = Mapping[str, VariableSpec]
Stack = tuple[int, ...]


@dataclasses.dataclass
class Round:
    """One run of the model, and what it has found.

    Attributes:
      known: the variables that its scopes have as leaves.
      failed: the round before, where this one has stand-ins because that one failed.
      specs: full name -> spec of what was asked for, in the order of creation.
      implied: the same of what was asked for in a counterpart.
      looks: whether the model has looked at the leaves of a scope.
      empty: full names of the scopes that had none then, with the user's lines.
      error: what the run failed with.
      doubt: an error, unless a variable turns out to be other than was known.
    """

    known: Specs = dataclasses.field(default_factory=dict)
    failed: Round | None = None
    specs: Specs = dataclasses.field(default_factory=dict)
    implied: dict[str, VariableSpec] = dataclasses.field(default_factory=dict)
    looks: bool = False
    empty: dict[str, str] = dataclasses.field(default_factory=dict)
    error: Exception | None = None
    doubt: Exception | None = None

    def look(self, name: str, has_leaves: bool) -> None:
        """Notes that the model looks at the leaves of the scope `name`."""
        self.looks = True
        if not has_leaves:
            self.empty.setdefault(name, user_line())

    def imply(self, spec: VariableSpec, path: Path, stack: Stack) -> None:
        """Notes the counterpart of `spec` at `path`, in the stacks that are there."""
        name, shape = join(path), stack + spec.item_shape
        self.implied[name] = dataclasses.replace(
            spec, name=name, shape=shape, stack=stack
        )

    @property
    def found(self) -> Specs:
        """What exists, as far as is known after this round."""
        before = self.known if self.error else {}
        return {**before, **self.specs, **_without(self.specs, self.implied)}

    def next(self) -> Round | None:
        """The round that follows; None if this is the last.

        Raises:
          Exception: the model's own, where more rounds would not help.
          ScopeUsageError: it needs leaves of a scope of which nothing is known.
        """
        if not self.looks and self.failed is None:
            return None
        if changed(self.known, self.found):
            return Round(self.found)
        if self.failed is not None:
            raise self.failed._stuck(self.error)
        if self.error is not None and self.empty:
            return Round(self.known, failed=self)
        error = self.error or self.doubt
        if error is not None:
            raise error
        return None

    def _stuck(self, with_stand_ins: Exception | None) -> Exception:
        assert self.error is not None
        no_matter = repr(self.error) == repr(with_stand_ins)
        if no_matter or isinstance(self.error, ScopeError):
            return self.error
        name, where = next(iter(self.empty.items()))
        stuck = ScopeUsageError(
            f"Scope {name} has no variables where the model takes it apart as a tree,"
            f" and without them it cannot be recorded: {_brief(self.error)}",
            name=name,
            where=where,
            remedy="Ask for its variables before, say with jax.eval_shape(layer, scope,"
            " x); of layers that are alike make one stack, scope.stack(n).",
        )
        stuck.__cause__ = self.error
        return stuck


def settled(run: Callable[[Round], None]) -> Specs:
    """The variables of a model.

    Args:
      run: records it once, and notes in the round what it found.

    Raises:
      Exception: what the model raises.
      ScopeUsageError: as of `Round.next`; or the variables change with each round.
    """
    last = Round()
    for _ in range(_MOST):
        try:
            run(last)
        except Exception as error:
            if not last.looks:
                raise
            last.error = error
        following = last.next()
        if following is None:
            return last.found
        last, before = following, last.known
    raise _unsettled(before, last.known)


def changed(one: Specs, two: Specs) -> list[str]:
    """The names of variables that are in one alone, or not of one shape and dtype."""
    return [name for name in {**one, **two} if _type(one, name) != _type(two, name)]


def _type(specs: Specs, name: str) -> object:
    spec = specs.get(name)
    return spec and (spec.shape, spec.dtype)


def _without(names: Specs, specs: Specs) -> Specs:
    return {name: spec for name, spec in specs.items() if name not in names}


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _unsettled(before: Specs, after: Specs) -> ScopeUsageError:
    name = changed(before, after)[0]
    one, two = before.get(name), after.get(name)
    spec = two or one
    return ScopeUsageError(
        f"Variable {name} is another each time that the model is recorded: what it is"
        " made like depends on the variables themselves.",
        name=name,
        expected=_words(one),
        found=_words(two),
        where=spec.where if spec else None,
        remedy="Do not let a scope whose leaves the model counts have variables of a"
        " size that depends on them.",
    )


def _words(spec: VariableSpec | None) -> str:
    return "none of that name" if spec is None else f"shape {spec.shape}"
