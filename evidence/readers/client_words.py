"""Owns what an audit record has from the client alone: who it says it is and whence it came.

A client string that only names software is shown and nothing rests on it: no gap. It is one where it names
an origin or an identity, and nothing that the server saw itself says the same (see ADR 34).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.readers.contract import Gap

KIND = "client_reported_field"
# A controller's client appends the account that it works for; one process works for all of the built-in ones.
_ACCOUNT = re.compile(r"/(system:serviceaccount:[a-z0-9-]{1,63}:[a-z0-9.-]{1,253})$")
_WORKS_FOR_ALL = "system:kube-controller-manager"
_SERVICE = re.compile(r"\[?([a-z0-9.-]{1,63}\.amazonaws\.com)\]?")


def forwarded_addresses(count: int, field: str, pointer: str) -> Iterator[Gap]:
    """`count` addresses that stand before the one that connected: a header that any client can send."""
    if count > 0:
        stand = "1 address stands" if count == 1 else f"{count} addresses stand"
        detail = f"{stand} before the one that connected, and any client can write them: where the call began"
        yield Gap(KIND, field, f"{detail} is not known", pointer)


def claimed_account(user_agent: str | None, user: str, pointer: str) -> Iterator[Gap]:
    """A Kubernetes client string that names another service account than the server authenticated."""
    named = _ACCOUNT.search(user_agent) if user_agent else None
    if named and user not in (named[1], _WORKS_FOR_ALL):
        detail = f"the client string names {named[1]}, and the API server authenticated another user"
        yield Gap(KIND, "userAgent", detail, pointer)


def claimed_service(user_agent: str | None, source: str | None, pointer: str) -> Iterator[Gap]:
    """An AWS client string that names a service, where the call came from an address.

    The caller has to see first whether AWS itself recorded that a service, or its console, made the call.
    """
    if not user_agent or ".amazonaws.com" not in user_agent or (source or "").endswith(".amazonaws.com"):
        return
    named = _SERVICE.fullmatch(user_agent)
    if named:
        detail = f"the client string names {named[1]}, and nothing that AWS saw itself says that it called"
        yield Gap(KIND, "userAgent", detail, pointer)
