"""Which changes make a comparison fail, and how that is said."""

from __future__ import annotations

import pytest

from evidence.errors import InputError
from pipelines.cli.comparing import failures, parse_fail_on
from simulator.comparison.model import ChangeClass
from simulator.weakening.findings import Finding
from tests.simulator.comparisons import WEAKENINGS, comparison, summary, unchanged

# What the made comparison has of each; the classes that it lacks do not fail it.
OCCURRING = {
    "approval-weakening": "1 incident (inc-1)",
    "safer": "1 incident (inc-2)",
    "timing": "1 incident (inc-3)",
    "cosmetic": "1 incident (inc-5)",
    "regression": "1 incident (inc-2)",
    "decision": "3 incidents (inc-1, inc-2, inc-3)",
    "path": "1 incident (inc-4)",
    "detection-lost": "1 incident (inc-2)",
}
OTHERS = ("regression", "decision", "path", "detection-lost", "safety-weakening")
NAMES = [*(each.value for each in ChangeClass), *OTHERS]


@pytest.mark.parametrize("name", NAMES)
def test_a_change_that_is_named_fails_where_it_occurs(name: str) -> None:
    """Each class, a lost agreement or catch, any changed decision and any changed path; nothing else."""
    expected = [f"{name}: {OCCURRING[name]}"] if name in OCCURRING else []
    assert (name,) == parse_fail_on(name)
    assert expected == failures(comparison(weakenings=()), [name])


def test_of_many_incidents_the_first_are_named() -> None:
    """Those that are listed, up to five, and how many more there are."""
    listed = [
        each.model_copy(update={"incident_id": f"inc-{number}"})
        for number in range(1, 8)
        for each in comparison().changed[:1]
    ]
    counts = {"all_classes": {"approval-weakening": 30}}
    made = comparison(weakenings=(), changed=tuple(listed), summary=summary(**counts))
    expected = "approval-weakening: 30 incidents (inc-1, inc-2, inc-3, inc-4, inc-5 and 25 more)"
    assert [expected] == failures(made, ["approval-weakening"])


def test_what_was_not_looked_for_fails_where_it_is_named() -> None:
    """A gate that cannot answer must not let pass."""
    made = unchanged(summary=summary(cosmetic_count=None, incident_count=3_000))
    assert ["cosmetic: not looked for in a history of 3000 incidents"] == failures(made, ["cosmetic"])


def test_an_approval_that_is_removed_always_fails() -> None:
    """Whatever is asked for; what is allowed by name, or is no approval, does not."""
    (reason,) = failures(unchanged(weakenings=WEAKENINGS), [])
    removed = WEAKENINGS[0]
    assert f"approval removed: {removed.what} (let it pass with --allow {removed.id})" == reason


def test_a_safety_that_is_weakened_fails_where_it_is_named() -> None:
    """With the name that lets it pass, and not when it is allowed by that name."""
    made = unchanged(weakenings=WEAKENINGS[1:])
    weakened = WEAKENINGS[1]
    expected = f"safety weakened: {weakened.what} (let it pass with --allow {weakened.id})"
    assert ([], [expected]) == (failures(made, []), failures(made, ["safety-weakening"]))
    allowed = unchanged(weakenings=(weakened.model_copy(update={"is_allowed": True}),))
    assert [] == failures(allowed, ["safety-weakening"])


def test_an_approver_who_is_redirected_always_fails() -> None:
    """As a removed approval does: it is the obvious way round one."""
    redirected = WEAKENINGS[0].model_copy(update={"finding": Finding.APPROVER_REDIRECTED})
    (reason,) = failures(unchanged(weakenings=(redirected,)), [])
    assert reason.startswith("approver redirected: ")


def test_nothing_fails_where_nothing_changes() -> None:
    """Even if everything is asked about."""
    assert [] == failures(unchanged(), NAMES)


def test_names_are_read_with_their_spaces_and_empty_parts_left_out() -> None:
    """A list as people write it."""
    assert ("safer", "path") == parse_fail_on(" safer,, path ,")


@pytest.mark.parametrize("text", ["", " ", ",,"])
def test_a_list_of_nothing_is_refused(text: str) -> None:
    """What an unset variable leaves must not switch the gate off."""
    with pytest.raises(InputError, match="--fail-on names nothing"):
        parse_fail_on(text)


@pytest.mark.parametrize("text", ["safer,weaker", "SAFER", "safer path"])
def test_a_name_of_no_change_is_refused_with_those_that_there_are(text: str) -> None:
    """A gate that silently lets everything pass would be worse than none."""
    with pytest.raises(InputError, match="there is no such change") as caught:
        parse_fail_on(text)
    assert all(name in str(caught.value) for name in NAMES)
