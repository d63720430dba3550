"""Owns the words of a report: how a figure, its n and its interval are said, and when nothing can be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evidence.report.model import Share, Spread
from evidence.report.shares import percent
from evidence.times import duration

# Between a figure and its unit, and within "n = 28", no line ends; quoted text is not ours.
_HOLDING = re.compile(
    r"“[^”]*”|(?:(?<=[0-9]) (?=(?:s|min|h|d|%)(?![\w-]))|(?<=\bn) (?== [0-9])|(?<=\bn =) (?=[0-9]))"
)
NO_BREAK = "\N{NO-BREAK SPACE}"


def held(sentence: str) -> str:
    """The sentence with no-break spaces where a line may not end."""
    return _HOLDING.sub(lambda found: NO_BREAK if found[0] == " " else found[0], sentence)


TOO_FEW = "too few for an interval"
TOO_FEW_FOR_CHANGE = "too few to speak of a change"
NONE = "none"
TYPES = ("rollout", "infrastructure", "dependency", "security")
MODE_LABELS = {
    "automatic": "automatic",
    "policy_gated": "policy-gated",
    "approval_required": "approval required",
}
STALLS = {
    "context": "minimum context was missing",
    "effect": "no action had enough points",
    "policy": "policy denied it",
    "confidence": "confidence was below every floor",
    "precondition": "a precondition did not hold",
}


def spread_parts(spread: Spread) -> tuple[str, str]:
    """The figure and what it is worth: `median 4 min` and `95 % interval 2 min to 8 min, p90 20 min, n = 28`.

    Below six incidents it says that they are too few.
    """
    if not spread.n:
        return f"{NONE}{_standing_words(spread)}", ""
    worth = [f"n = {spread.n:,}{_standing_words(spread)}"]
    if spread.interval:
        worth = [_interval_words(spread), f"p90 {duration(spread.p90_seconds or 0)}", *worth]
    else:
        worth.append(TOO_FEW)
    return _centre(spread), ", ".join(worth)


def spread_words(spread: Spread) -> str:
    """Both parts in one."""
    return ", ".join(part for part in spread_parts(spread) if part)


def _centre(spread: Spread) -> str:
    return f"{'median ' if spread.n > 1 else ''}{duration(spread.median_seconds or 0)}"


def _interval_words(spread: Spread) -> str:
    low, high = spread.interval or (0, 0)
    return f"95 % interval {duration(low)} to {duration(high)}"


def _standing_words(spread: Spread) -> str:
    """What of the group is in no figure."""
    told = [
        f"{count:,} {word}"
        for count, word in ((spread.open_count, "open"), (spread.excluded_count, "excluded"))
        if count
    ]
    return f" ({', '.join(told)})" if told else ""


def share_parts(share: Share) -> tuple[str, str]:
    """The figure and what it is worth: `3 of 28` and `11 %, 95 % interval 4 % to 27 %`."""
    if not share.of:
        return NONE, ""
    told = f"{share.count:,} of {share.of:,}"
    if share.low is None or share.high is None:
        return told, TOO_FEW
    return told, f"{percent(share.count, share.of)} %, 95 % interval {share.low} % to {share.high} %"


def share_words(share: Share) -> str:
    """Both parts in one."""
    return ", ".join(part for part in share_parts(share) if part)


def change_words(what: str, week: Spread, before: Spread, weeks: int) -> str:
    """One sentence on a time: what was measured, and whether anything can be said against the weeks before.

    Two medians are called different only where their intervals do not meet.
    """
    if not week.n:
        return f"{what}: none was measured this week{_standing_words(week)}."
    if not before.n:
        return f"{what}: {spread_words(week)}; the {weeks} weeks before have nothing to hold it against."
    if not week.interval or not before.interval:
        return f"{what}: {_centre(week)}, n = {week.n:,}; {TOO_FEW_FOR_CHANGE}{_before_words(before, weeks)}."
    (low, high), (low_before, high_before) = week.interval, before.interval
    verdict = "not told apart from"
    if low > high_before:
        verdict = "longer than in"
    elif high < low_before:
        verdict = "shorter than in"
    return f"{what}: {spread_words(week)}; {verdict} the {weeks} weeks before ({_short_words(before)})."


def _before_words(before: Spread, weeks: int) -> str:
    return f" (the {weeks} weeks before: {_short_words(before)})" if before.n else ""


def _short_words(spread: Spread) -> str:
    """Without what is in the table below."""
    told = [_centre(spread), *([_interval_words(spread)] if spread.interval else ()), f"n = {spread.n:,}"]
    return ", ".join(told)


def listed_counts(parts: Sequence[tuple[int, str]]) -> str:
    """`2 automatic, 1 approval required`; what did not occur is left out."""
    return ", ".join(f"{count:,} {label}" for count, label in parts if count) or NONE
