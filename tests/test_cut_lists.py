"""A long list is cut in a sentence, and says so."""

from __future__ import annotations

import pytest

from evidence.cut_lists import cut_list


@pytest.mark.parametrize(
    ("count", "said"), [(0, ""), (1, "0"), (2, "0, 1"), (3, "0, 1 and 1 more"), (1502, "0, 1 and 1,500 more")]
)
def test_what_is_not_named_is_counted(count: int, said: str) -> None:
    """Nobody takes the first few for all."""
    assert said == cut_list(range(count), named_max=2)
