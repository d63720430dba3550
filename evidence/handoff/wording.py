"""Owns the wording that a handoff may not use: as if an action had been carried out, or as one mixed score.

The check reads our own words only. What is quoted between “ and ” is evidence: a log line that says "was
isolated" is a fact about the log, and stays. Words of the response (isolated, revoked …) are refused whatever
they are said of; words that attackers and users share (executed, opened …) only of parts of the response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.handoff.inert import own_words

_DONE = (
    "isolated|quarantined|contained|revoked|rotated|disabled|deactivated|cordoned|drained|evicted|blocked|"
    "restarted|scaled|rolled back|reverted|patched|carried out|implemented|remediated|mitigated|notified|"
    "informed|contacted|escalated|paged|suspended|terminated"
)
_DONE_TO_OURS = (
    f"{_DONE}|executed|opened|closed|created|deleted|removed|sent|posted|filed|applied|performed|deployed|merged|"
    "resolved|fixed|approved|locked|started|triggered|run|taken"
)
_OURS = (
    "action|response|recommendation|proposal|containment|isolation|rollback|revert|rotation|revocation|drain|patch|"
    "policy change|network policy|request|playbook|ticket|incident|channel|notification|message|approval|"
    "command"
)
_PASSIVE = (
    r"(?:was|were|has been|have been|had been|got|is now|are now|is already|are already|is being|are being)"
)
_HOW = r"(?:(?:automatically|successfully|now|already|immediately|then)\s+)*"
EXECUTION_PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_PASSIVE}\s+{_HOW}(?:{_DONE})\b",
        rf"\b(?:{_OURS})s?\s+{_PASSIVE}\s+{_HOW}(?:{_DONE_TO_OURS})\b",
        rf"\b(?:we|i|system|pipeline|playbook|automation)\s+(?:(?:have|has|had)\s+)?{_HOW}(?:{_DONE_TO_OURS})\b",
        rf"\b(?:successfully|automatically|already)\s+(?:{_DONE})\b",
        r"\b(?:we|i|system|pipeline|automation)\s+(?:ran|took|did|shut down|turned off|cut off)\b",
        r"\b(?:containment|rollback|isolation|rotation|revocation)\s+(?:is\s+)?(?:completed?|done|finished)\b",
        r"\bexecuted\s*[:=]\s*true\b",
    )
)
_TIMES = r"(?:\N{MULTIPLICATION SIGN}|\*|x|times|multiplied by|weighted by)"
MIXED_FIGURE_PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:risk|combined|composite|overall|total|threat|priority|weighted)[ _-](?:score|figure|rating)\b",
        rf"\b(?:impact|severity)\s*{_TIMES}\s*confidence\b",
        rf"\bconfidence\s*{_TIMES}\s*(?:impact|severity)\b",
    )
)


def implied_executions(sentences: Iterable[str]) -> list[str]:
    """The sentences whose own words read as if something had been carried out."""
    return [sentence for sentence in sentences if _matches(EXECUTION_PATTERNS, sentence)]


def mixed_figures(sentences: Iterable[str]) -> list[str]:
    """The sentences that speak of impact and confidence as one figure."""
    return [sentence for sentence in sentences if _matches(MIXED_FIGURE_PATTERNS, sentence)]


def _matches(patterns: tuple[re.Pattern[str], ...], sentence: str) -> bool:
    words = own_words(sentence)
    return any(pattern.search(words) for pattern in patterns)
