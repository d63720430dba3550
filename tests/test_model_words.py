"""What a field takes and what stands there is said in words of this project, whatever is written."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.decision.approvers import Approvers
from evidence.decision.bundle import Playbook
from evidence.decision.policies import PolicyDeclaration
from evidence.model_words import model_words
from evidence.strict_yaml import load_yaml, survey_model

from .decision.deciding import PLAYBOOKS

# How pydantic and its core begin to speak.
THEIRS = re.compile(
    r"Input should|Field required|String should|should (be|have|match)|Value error|valid \w+|not what is|\^\["
)
OTHERS: tuple[Any, ...] = (
    None,
    "",
    "some text",
    "12",
    3,
    -1,
    10**9,
    True,
    [],
    {},
    [[]],
    ["a", "a"],
    {"A b": {}},
)


class Sample(BaseModel):
    """One field of every sort."""

    model_config = ConfigDict(strict=True)
    floor: Annotated[int, Field(ge=1, le=100)] = 1
    title: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    names: Annotated[list[str], Field(min_length=2, max_length=2)] = ["a", "b"]
    by_name: dict[str, int] = {}
    is_on: bool = True
    mode: Literal["automatic", "policy_gated"] = "automatic"
    word: Annotated[str, Field(pattern="^[a-z]+$")] = "a"


def words(**given: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Sample(**given)
    found = refused.value.errors()[0]
    return model_words(found, found["loc"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"floor": 0}, "floor is 0; at least 1 is expected"),
        ({"floor": 1000}, "floor is 1000; at most 100 is expected"),
        ({"floor": "high"}, "floor is 'high'; a whole number is expected"),
        ({"floor": "50"}, "floor is '50'; a whole number is expected; leave out the quotes"),
        ({"floor": None}, "floor is empty; a whole number is expected"),
        ({"title": ""}, "title is empty; at least 1 character is expected"),
        ({"title": "abcd"}, "title has 4 characters; at most 3 are expected"),
        ({"title": 3}, "title is 3; text is expected; quote it"),
        ({"title": {"a": 1}}, "title is a mapping of keys to values; text is expected"),
        ({"names": ["a"]}, "names has 1 entry; at least 2 are expected"),
        ({"names": "a"}, "names is 'a'; a list is expected"),
        ({"names": ["a", 3]}, "entry 2 of names is 3; text is expected; quote it"),
        ({"by_name": []}, "by_name is empty; a mapping of keys to values is expected"),
        ({"is_on": "true"}, "is_on is 'true'; true or false is expected; leave out the quotes"),
        (
            {"mode": "automatik"},
            "mode is 'automatik'; one of automatic, policy_gated is expected (did you mean automatic?)",
        ),
        ({"word": "A B"}, "word is 'A B'; what matches the pattern ^[a-z]+$ is expected"),
    ],
)
def test_a_value_is_named_with_what_is_expected(given: dict[str, Any], expected: str) -> None:
    """The field, what stands there, and what it takes."""
    assert expected == words(**given)


def test_a_key_is_named_as_such_and_its_pattern_in_words() -> None:
    """Nobody has to read a regular expression to name an action."""
    document = load_yaml(PLAYBOOKS / "policies" / "network_policy.yaml")
    value = {**document.value, "inputs": {"A b": {"column": "environment"}}}
    (fault,) = survey_model(PolicyDeclaration, replace(document, value=value))[1]
    expected = "a name of lower-case letters, digits and _, such as roll_back_release, is expected"
    assert f"a key is 'A b'; {expected}" == fault.what


def broken(value: Any) -> Iterator[Any]:
    """The value with one part at a time another one or left out."""
    for parent in _parents(value):
        for key in list(parent) if isinstance(parent, dict) else range(len(parent)):
            kept = parent[key]
            for other in OTHERS:
                parent[key] = copy.deepcopy(other)
                yield value
            parent[key] = kept
            if isinstance(parent, dict):
                del parent[key]
                yield value
                parent[key] = kept


def _parents(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [each for part in inner for each in _parents(part)]
    return [value, *found] if isinstance(value, dict | list) else found


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Playbook, Path(__file__).parent / "decision" / "bundles" / "mini" / "playbook.yaml"),
        (Approvers, PLAYBOOKS / "v3" / "approvers.yaml"),
        (PolicyDeclaration, PLAYBOOKS / "policies" / "network_policy.yaml"),
    ],
    ids=["playbook", "approvers", "policy"],
)
def test_no_word_of_the_validating_library_reaches_whoever_edits_a_playbook(
    model: type[BaseModel], path: Path
) -> None:
    """Every part of a bundle's files, left out or replaced by what it does not take."""
    document = load_yaml(path)
    told: set[str] = set()
    for value in broken(copy.deepcopy(document.value)):
        told |= {fault.what for fault in survey_model(model, replace(document, value=value))[1]}
    assert len(told) > 20
    assert sorted(each for each in told if THEIRS.search(each)) == []
