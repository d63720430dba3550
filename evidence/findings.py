"""Owns what verification finds: one line per file, with what is wrong and how many claims it carries.

Standard library only, as all that `evidence.verify` needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# Follows from a changed file, and is said of it only where nothing else is.
NOT_AS_CLAIMED = "the file's SHA-256 is not the one that claims name"
SHOWN_MAX = 8  # claims that a line names


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong with a file, or with what one claim (0 for none) says of it."""

    path: str
    incident_id: str
    claim: int
    what: str


@dataclass(frozen=True, slots=True, order=True)
class Unproven:
    """A claim that its file no longer bears out, and why."""

    incident_id: str
    claim: int
    what: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A file that is not as published.

    `what` is empty when the file is whole and only claims about it do not prove; `incident_id` when it
    concerns none or several. `claim_count` claims rest on the file.
    """

    path: str
    incident_id: str
    what: str
    claim_count: int = 0
    unproven: tuple[Unproven, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}: {'; '.join(self._parts())}"

    def _parts(self) -> Iterator[str]:
        if self.what:
            yield self.what
        if self.unproven:
            count, named = len(self.unproven), _named(self.unproven)
            verb = "does not prove" if count == 1 else "do not prove"
            yield f"{count} of the {_claims(self.claim_count)} that rest on it {verb}: {named}"
            yield f"of the first, {self.unproven[0].what}"
        elif self.claim_count:
            yield f"{_claims(self.claim_count)} {'rests' if self.claim_count == 1 else 'rest'} on it"


def findings_of(faults: Iterable[Fault], claim_counts: Mapping[str, int]) -> list[Finding]:
    """One finding per file, in order of path."""
    by_path: dict[str, list[Fault]] = {}
    for fault in sorted(set(faults)):
        by_path.setdefault(fault.path, []).append(fault)
    return [_finding(path, found, claim_counts.get(path, 0)) for path, found in by_path.items()]


def _finding(path: str, faults: list[Fault], claim_count: int) -> Finding:
    said = dict.fromkeys(fault.what for fault in faults if not fault.claim)
    if len(said) > 1:
        said.pop(NOT_AS_CLAIMED, None)
    concerned = {fault.incident_id for fault in faults} - {""}
    unproven = tuple(Unproven(fault.incident_id, fault.claim, fault.what) for fault in faults if fault.claim)
    incident_id = concerned.pop() if len(concerned) == 1 else ""
    return Finding(path, incident_id, "; ".join(said), claim_count, unproven)


def _named(unproven: tuple[Unproven, ...]) -> str:
    """`2, 3 and 9 of inc-1; 4 of inc-2`, as many as a line holds."""
    by_incident: dict[str, list[str]] = {}
    for each in unproven[:SHOWN_MAX]:
        by_incident.setdefault(each.incident_id, []).append(str(each.claim))
    words = "; ".join(f"{', '.join(claims)} of {incident}" for incident, claims in by_incident.items())
    more = len(unproven) - SHOWN_MAX
    return f"{words} and {more} more" if more > 0 else words


def _claims(count: int) -> str:
    return "1 claim" if count == 1 else f"{count} claims"
