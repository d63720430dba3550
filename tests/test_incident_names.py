"""An incident is found by its name, or by a beginning that is its alone."""

from __future__ import annotations

import re

import pytest

from evidence.errors import InputError
from evidence.incident_names import find_incident


@pytest.mark.parametrize(
    ("text", "found"), [("inc-1", "inc-1-shell"), ("inc-1-shell", "inc-1-shell"), ("inc-2", "inc-2")]
)
def test_the_beginning_of_a_name_is_enough(text: str, found: str) -> None:
    """Where it is the beginning of one alone, or a name by itself."""
    assert found == find_incident(text, ["inc-1-shell", "inc-2", "inc-2-leak"])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("inc", "2 incidents begin with 'inc'. Give more of the name"),
        ("inc-1-shel1", "there is no incident 'inc-1-shel1'. Did you mean inc-1-shell?"),
        ("leak", "Did you mean inc-2-leak?"),
        ("", "There are 2 incidents, from inc-1-shell on"),
    ],
)
def test_an_incident_that_is_not_there_is_told(text: str, what: str) -> None:
    """Near names are suggested; those that share a beginning are not listed, as they tell what happened."""
    with pytest.raises(InputError, match=re.escape(what)):
        find_incident(text, ["inc-1-shell", "inc-2-leak"])
