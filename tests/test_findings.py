"""A finding is one line per file: what is wrong with it, and the claims that rest on it."""

from __future__ import annotations

from evidence.findings import NOT_AS_CLAIMED, Fault, findings_of

FILE = "incidents/inc-1/falco.json"


def lines(*faults: Fault, claims: int = 0) -> list[str]:
    """What is printed of faults in a file on which so many claims rest."""
    return [str(finding) for finding in findings_of(faults, {FILE: claims})]


def test_a_file_is_named_once() -> None:
    """Its digest, its records and every claim on it are wrong for one reason."""
    changed = Fault(FILE, "", 0, "the file is not what was read")
    follows = Fault(FILE, "inc-1", 0, NOT_AS_CLAIMED)
    broken = [Fault(FILE, "inc-1", claim, f"bytes of {claim} are not the record") for claim in (2, 7)]
    expected = (
        f"{FILE}: the file is not what was read; 2 of the 9 claims that rest on it do not prove: "
        "2, 7 of inc-1; of the first, bytes of 2 are not the record"
    )
    assert [expected] == lines(changed, follows, *broken, follows, claims=9)


def test_claims_are_counted_where_none_is_wrong() -> None:
    """A change elsewhere in the file leaves their records as they were."""
    changed = Fault(FILE, "", 0, "the file is missing")
    assert [f"{FILE}: the file is missing; 4 claims rest on it"] == lines(changed, claims=4)
    assert [f"{FILE}: the file is missing; 1 claim rests on it"] == lines(changed, claims=1)
    assert [f"{FILE}: the file is missing"] == lines(changed)


def test_what_follows_is_said_where_nothing_else_is() -> None:
    """A package may name another digest than the file has, though the file is as it was read."""
    assert [f"{FILE}: {NOT_AS_CLAIMED}; 1 claim rests on it"] == lines(
        Fault(FILE, "inc-1", 0, NOT_AS_CLAIMED), claims=1
    )


def test_a_line_names_a_few_claims_and_counts_the_rest() -> None:
    """Of several incidents, each with its own."""
    broken = [Fault(FILE, "inc-1", claim, "x") for claim in range(1, 8)]
    broken += [Fault(FILE, "inc-2", claim, "x") for claim in range(1, 8)]
    [line] = lines(*broken, claims=14)
    assert "do not prove: 1, 2, 3, 4, 5, 6, 7 of inc-1; 1 of inc-2 and 6 more; of the first, x" in line


def test_findings_are_sorted_and_say_whom_they_concern() -> None:
    """One incident, or none where it is several or the file is nobody's."""
    found = findings_of(
        [Fault("b", "inc-2", 1, "x"), Fault("b", "inc-1", 1, "x"), Fault("a", "inc-1", 0, "y")], {"b": 2}
    )
    assert [("a", "inc-1"), ("b", "")] == [(finding.path, finding.incident_id) for finding in found]
