"""Says which rules of the playbook hit, and holds each against the records that it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.handoff.case import Case, Row
from evidence.handoff.claims import ClaimBook
from evidence.handoff.inert import quote
from evidence.handoff.model import Fact
from evidence.handoff.words import SEVERITY_WORDS, counted, quoted_list
from evidence.redaction import shown

GROUP = "Rules of the playbook"
CLAIMS_MAX = 5  # records that are claimed one by one; how many there are is said
_RULE = "rule"


def rule_facts(book: ClaimBook) -> Iterator[Fact]:
    """One fact per rule that had hit by the decision, in order of its first hit."""
    for title, hits in _hits_by_rule(book.case).items():
        events = _events(book.case, hits)
        sentence = _sentence(title, hits[0], len({event["record_sha256"] for event in events}))
        claims = []
        for event in events[:CLAIMS_MAX]:
            claims.append(book.of_event("known_facts", sentence, event))
            book.by_event.setdefault(event["event_id"], claims[-1])
        yield Fact(
            name=shown(title),
            group=GROUP,
            label=shown(title),
            value=SEVERITY_WORDS[hits[0]["level"]],
            sentence=sentence,
            claims=tuple(claims),
        )


def _hits_by_rule(case: Case) -> dict[str, list[Row]]:
    """The signals of rules that were known at the decision, by title, in order of arrival."""
    found: dict[str, list[Row]] = {}
    for signal in case.signals:
        is_known = signal["known_at"] <= case.decided_at
        if signal["rule_origin"] == _RULE and is_known and not signal["is_clearing"]:
            found.setdefault(signal["signal_name"], []).append(signal)
    return found


def _events(case: Case, hits: list[Row]) -> list[Row]:
    """Events that the hits rest on, one per record, in order of arrival."""
    wanted = {event_id for hit in hits for event_id in hit["event_ids"]}
    by_record = {
        event["record_sha256"]: event for event in reversed(case.known_events) if event["event_id"] in wanted
    }
    return list(reversed(by_record.values()))


def _sentence(title: str, hit: Row, record_count: int) -> str:
    tags = [tag.removeprefix("attack.") for tag in hit["attack_tags"]]
    attack = (
        f" It names these of ATT&CK: {quoted_list(tags)}." if tags else " It names no technique of ATT&CK."
    )
    level = SEVERITY_WORDS[hit["level"]]
    return f"The rule {quote(title)} of level {level} hits {counted(record_count, 'record')}.{attack}"
