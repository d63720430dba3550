"""Owns what stands in a proposal for a value that the evidence does not hold.

Each format has a form of its own that keeps the text valid and cannot pass for a value: a name that nothing
bears, a shell parameter that stops the line, a variable that Terraform asks for. Every one is listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from evidence.handoff.inert import quote
from evidence.handoff.model import FillIn
from evidence.handoff.proposals.names import Takes, anything
from evidence.handoff.proposals.quoting import ShellWord, kubernetes_name

Mark = TypeVar("Mark")


class Blanks(Generic[Mark]):
    """Fills in what is known, marks what is not, and remembers each mark in the order of its place."""

    def __init__(self, mark: Callable[[str], Mark], stands_as: Callable[[str], str]) -> None:
        self._mark = mark
        self._stands_as = stands_as
        self._found: dict[str, FillIn] = {}

    def fill(self, value: str | None, what: str, takes: Takes = anything) -> str | Mark:
        """The value where the format takes it, else the mark for `what`."""
        if value and takes(value):
            return value
        return self.mark(what, f"{what}; {quote(value)} in the evidence is not one" if value else what)

    def mark(self, what: str, said: str = "", stands_as: str = "") -> Mark:
        """The mark for `what`, listed as `said`."""
        self._found.setdefault(what, FillIn(what=said or what, stands_as=stands_as or self._stands_as(what)))
        return self._mark(what)

    @property
    def to_fill_in(self) -> tuple[FillIn, ...]:
        """What is still to be filled in."""
        return tuple(self._found.values())


def in_manifest() -> Blanks[str]:
    """A name that Kubernetes takes and no object bears: `fill-in-namespace`."""

    def name(what: str) -> str:
        return kubernetes_name(f"fill-in-{what}")

    return Blanks(name, name)


def in_shell() -> Blanks[ShellWord]:
    """A parameter that stops the line until it is set: `"${NAMESPACE:?to fill in: namespace}"`."""

    def parameter(what: str) -> str:
        return f"${{{parameter_name(what)}:?to fill in: {re.sub(r'[^A-Za-z0-9 ,-]+', ' ', what)}}}"

    return Blanks(lambda what: ShellWord(f'"{parameter(what)}"'), parameter)


def in_query() -> Blanks[str]:
    """A variable as Grafana writes it, which finds nothing anywhere else: `$namespace`."""

    def variable(what: str) -> str:
        return f"${parameter_name(what).lower()}"

    return Blanks(variable, variable)


def in_request() -> Blanks[dict[str, str]]:
    """A JSON object in the place of the value: `{"to_fill_in": "account"}`."""
    return Blanks(lambda what: {"to_fill_in": what}, lambda what: f'"to_fill_in": "{what}"')


def parameter_name(what: str) -> str:
    """`current replicas` as `CURRENT_REPLICAS`."""
    name = re.sub(r"[^A-Z0-9]+", "_", what.upper()).strip("_")
    return name if name[:1].isalpha() else f"VALUE_{name}"
