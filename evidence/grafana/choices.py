"""Owns the names by which Grafana's variables choose: none holds what Grafana would take for its own.

Grafana replaces its macros in the whole text of a query, within quotes too: a service called
`$__timeFilter(x)` would break every panel. So an odd name is chosen by its digest; people see it as it is.
"""

from __future__ import annotations

import hashlib
import re

from evidence.grafana.exported import SCHEMA

_PLAIN = "[A-Za-z0-9_.:/@ -]+"
_DIGEST_LENGTH = 16
_PREFIX = "odd-"


def choice(name: str) -> str:
    """What stands for the name in a query or an address; the same as the function of the database."""
    if re.fullmatch(_PLAIN, name):
        return name
    return _PREFIX + hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]


def choice_function() -> str:
    """The same in PostgreSQL, whose `$` is the end of the text alone."""
    digest = f"left(encode(sha256(convert_to(name, 'UTF8')), 'hex'), {_DIGEST_LENGTH})"
    return (
        f"create or replace function {SCHEMA}.choice(name text) returns text\n"
        "language sql immutable parallel safe\n"
        f"as $$ select case when name ~ '^{_PLAIN}$' then name else '{_PREFIX}' || {digest} end $$;\n\n"
    )
