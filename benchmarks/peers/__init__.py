"""Owns the other rule engines: each states a bundle's rules in its own language and says which of them hold.

That is less than the full decision: no points are added up, no gate, policy, mode or approver follows. It
is what all of them can say, and it is in their favour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

State: TypeAlias = dict[str, Any]
Matched: TypeAlias = frozenset[str]
MatchAll: TypeAlias = Callable[[Sequence[State]], list[Matched]]


class NotInstalled(Exception):
    """The engine is not there; the message says how to get it."""
