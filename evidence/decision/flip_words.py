"""Says in words what would change a recommendation: which facts, from what to what, and what would follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.decision.bundle import Bundle
from evidence.decision.codes import Recommendation
from evidence.decision.facts import OTHER_TEXT, Fact, Piece
from evidence.decision.flips import Change, Flips
from evidence.decision.matrix import MODE_WORDS, MODES

SHOWN_MAX = 24  # changes that are listed


def would_change(bundle: Bundle, flips: Flips) -> Iterator[str]:
    """Lines: a sentence, then per recommendation, in the matrix's order, the changes that lead to it."""
    yield _summary(flips)
    ordered = sorted(flips.flips, key=lambda flip: _rank(bundle, flip.recommendation))
    led_to: Recommendation | None = None
    for flip in ordered[:SHOWN_MAX]:
        if flip.recommendation != led_to:
            led_to = flip.recommendation
            yield f"- {recommendation_words(led_to)}"
        yield f"  - {'; and '.join(map(change_words, flip.changes))}"
    more = len(ordered[SHOWN_MAX:]) + flips.left_out_count
    if more:
        yield f"- and {more} more"
    if flips.sampled:
        yield f"Texts that a pattern is matched with were tried by example only: {', '.join(flips.sampled)}."


def recommendation_words(recommendation: Recommendation) -> str:
    """Option, action, mode and who approves."""
    approvers = f": {', '.join(recommendation.approvers)}" if recommendation.approvers else ""
    mode = MODE_WORDS[recommendation.mode]
    return f"{recommendation.option} / {recommendation.action} ({mode}{approvers})"


def change_words(change: Change) -> str:
    """`fact: old → new or newer`."""
    fact = change.fact
    name = f"signal {fact.signal}" if fact.signal else fact.column
    new = [words for piece in _joined(change.pieces) for words in _piece_words(fact, piece)]
    return f"{name}: {_value_words(fact, fact.old)} → {_any_of(new)}"


def _summary(flips: Flips) -> str:
    if not flips.searched_size:
        return "More facts bear on it than could be tried."
    if flips.size is None:
        return (
            f"No change of up to {flips.searched_size} facts leads to another recommendation."
            " More were not tried."
        )
    if flips.size == 1:
        return "One fact is enough. Had only this been otherwise, the recommendation would have been"
    return (
        f"It takes {flips.size} facts together; fewer change nothing."
        " Had only these been otherwise, the recommendation would have been"
    )


def _rank(bundle: Bundle, recommendation: Recommendation) -> tuple[int, int, tuple[str, ...]]:
    place = list(bundle.actions).index(recommendation.action)
    return place, MODES.index(recommendation.mode), recommendation.approvers


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with ranges of integers that touch as one."""
    joined: list[Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before and before.high is not None and piece.low == before.high + 1:
            joined[-1] = Piece(before.value, low=before.low, high=piece.high)
        else:
            joined.append(piece)
    return joined


def _piece_words(fact: Fact, piece: Piece) -> list[str]:
    if piece.values:
        return [_value_words(fact, value) for value in piece.values]
    if piece.low is None:
        return ["known" if piece.high is None else f"{piece.high} or less"]
    if piece.high is None:
        return [f"{piece.low} or more"]
    return [str(piece.low) if piece.low == piece.high else f"{piece.low} to {piece.high}"]


def _value_words(fact: Fact, value: object) -> str:
    if fact.signal:
        return "arrived" if value else "not arrived"
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    # Of a text of which only whether it is known matters there is nothing else to say.
    is_bare = fact.old is None and [each for piece in fact.others for each in piece.values] == [OTHER_TEXT]
    return "known" if value == OTHER_TEXT and is_bare else str(value)


def _any_of(words: Sequence[str]) -> str:
    """`a, b or c`; `1 or more, or c` where a part has an `or` of its own."""
    last = ", or " if any(" or " in each for each in words) else " or "
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
