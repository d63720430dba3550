"""Owns the difference of two sets of detections in rules: which came, went or changed, and what in them.

A rule is the same one by its id, else by its title, else by saying all the same under another name. What a
correlation reads without reporting it is a part of the correlation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evidence.cut_lists import cut_list
from evidence.detections.levels import Level
from evidence.detections.rules import Correlation, Rule, RuleSet
from evidence.detections.signalling import Detections, condition_content
from evidence.detections.terms import Test, tests_of
from simulator.comparison.detection_model import RuleEdit
from simulator.detections.claims import words_of

Detection: TypeAlias = Rule | Correlation
SECTION = "detections"  # first step of the path of a rule's clause
NAMED_MAX = 3  # tests or tags that a sentence names
_WORDS = ("description", "falsepositives", "status")  # fields that no hit and nothing said of one depends on


@dataclass(frozen=True)
class RuleDifference:
    """One rule that reports and in which two sides differ; None where a side does not have it.

    `clause` names it in minimal sets. `was_signal` and `is_signal`: whether hits are signals on either side.
    """

    clause: str
    edit: RuleEdit
    old: Detection | None
    new: Detection | None
    was_signal: bool
    is_signal: bool
    what: tuple[str, ...]

    @property
    def ids(self) -> tuple[str | None, str | None]:
        """Its id on either side."""
        old, new = self.old, self.new
        return (old.heading.id if old else None, new.heading.id if new else None)

    @property
    def is_in_digest(self) -> bool:
        """Whether the digests of the two sides differ by it."""
        is_said = self.edit is not RuleEdit.REWORDED or len(set(self.ids)) > 1
        return is_said and (self.was_signal or self.is_signal)

    @property
    def can_decide(self) -> bool:
        """Whether a signal can come, go or be called otherwise by it."""
        return self.edit is not RuleEdit.REWORDED and (self.was_signal or self.is_signal)


def rule_differences(old: Detections | None, new: Detections | None) -> tuple[RuleDifference, ...]:
    """Every rule that differs, by title, then id; also those whose hits are signals on neither side."""
    sides = _Side(old), _Side(new)
    found = [
        each for pair in _pairs(*sides) if (each := _difference(sides, *pair)) is not None
    ]  # fmt: skip
    repeated = {each.clause for each in found if [one.clause for one in found].count(each.clause) > 1}
    return tuple(_told_apart(each) if each.clause in repeated else each for each in found)


class _Side:
    """One side's rules that report, and what they say."""

    def __init__(self, detections: Detections | None) -> None:
        rules = detections.rules if detections else RuleSet(())
        every: list[Detection] = [*rules.rules, *rules.correlations]
        self.by_id = {each.heading.id: each for each in every}
        self.reporting = {each.heading.id: each for each in every if each.is_output}
        self.signals = {each.id for each in detections.signalling.reporting()} if detections else set()

    def facts(self, each: Detection) -> dict[str, Hashable]:
        """All that can change its hits or what is said of them, by what it is called in words."""
        heading = each.heading
        said: dict[str, Hashable] = {
            "title": heading.title,
            "level": Level.of(heading.level),
            "tags": tuple(sorted(heading.tags)),
        }
        if isinstance(each, Rule):
            return said | {
                "log source": each.log_source,
                "condition": _text(condition_content(each.condition)),
            }
        return said | {
            "kind": each.kind,
            "timespan": each.timespan_seconds,
            "count": f"{each.operator} {each.count}"
            + (" and {} {}".format(*each.upper) if each.upper else ""),
            "grouping": _text([[name, dict(fields)] for name, fields in each.group_by]),
            "counted field": _text(dict(each.counted_fields) if each.counted_fields else None),
            "parts": each.references,
            **{f"part {part!r}": self._part(part) for part in each.references},
        }

    def _part(self, part: str) -> Hashable:
        """What a part looks for; what it is called does not matter to the correlation."""
        facts = self.facts(self.by_id[part])
        return tuple((name, fact) for name, fact in facts.items() if name not in ("title", "level", "tags"))


def _pairs(old: _Side, new: _Side) -> list[tuple[Detection | None, Detection | None]]:
    """Each rule with what became of it, by title and then id."""
    gone, came = dict(old.reporting), dict(new.reporting)
    pairs: list[tuple[Detection | None, Detection | None]] = []
    ways: tuple[Callable[[_Side, Detection], Hashable], ...] = (
        lambda _, each: each.heading.id,
        lambda _, each: each.heading.title,
        lambda side, each: tuple((name, fact) for name, fact in side.facts(each).items() if name != "title"),
    )
    for way in ways:
        there = {way(new, each): rule_id for rule_id, each in reversed(came.items())}
        for rule_id, each in list(gone.items()):
            same = there.pop(way(old, each), None)
            if same is not None:
                pairs.append((gone.pop(rule_id), came.pop(same)))
    pairs += [(each, None) for each in gone.values()]
    pairs += [(None, each) for each in came.values()]
    return sorted(pairs, key=lambda pair: _name(*pair))


def _name(old: Detection | None, new: Detection | None) -> tuple[str, str]:
    named = old or new
    return (named.heading.title, named.heading.id) if named else ("", "")


def _difference(
    sides: tuple[_Side, _Side], old: Detection | None, new: Detection | None
) -> RuleDifference | None:
    """None where both say the same, and both make signals or neither does."""
    was_signal = old is not None and old.heading.id in sides[0].signals
    is_signal = new is not None and new.heading.id in sides[1].signals
    clause = f"{SECTION}.{_name(old, new)[0]}"
    if old is None or new is None:
        edit = RuleEdit.ADDED if old is None else RuleEdit.REMOVED
        return RuleDifference(clause, edit, old, new, was_signal, is_signal, ())
    before, after = sides[0].facts(old), sides[1].facts(new)
    what = [
        word for name in dict.fromkeys((*before, *after)) for word in _words(name, before, after, old, new)
    ]
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    what += _signal_words(was_signal, is_signal)
    if names or was_signal is not is_signal:
        edit = RuleEdit.RENAMED if names == ["title"] and was_signal is is_signal else RuleEdit.CHANGED
        return RuleDifference(clause, edit, old, new, was_signal, is_signal, tuple(what))
    reworded = tuple(
        name for name in ("id", *_WORDS) if getattr(old.heading, name) != getattr(new.heading, name)
    )
    if not reworded:
        return None
    return RuleDifference(clause, RuleEdit.REWORDED, old, new, was_signal, is_signal, reworded)


def _told_apart(each: RuleDifference) -> RuleDifference:
    """Two rules of one title, such as one that went and another that took its name."""
    own = next(rule_id for rule_id in each.ids if rule_id)
    return RuleDifference(
        f"{each.clause} ({own})", each.edit, each.old, each.new, each.was_signal, each.is_signal, each.what
    )


# --- words


def _words(
    name: str, before: Mapping[str, Hashable], after: Mapping[str, Hashable], old: Detection, new: Detection
) -> Iterator[str]:
    """What differs in one fact."""
    was, is_ = before.get(name), after.get(name)
    if was == is_:
        return
    match name:
        case "condition" if isinstance(old, Rule) and isinstance(new, Rule):
            yield from _condition_words(old, new)
        case "timespan" if was is not None and is_ is not None:
            yield f"within {was} s → {is_} s"
        case "tags":
            yield from _listed_words("tag", _texts(was), _texts(is_))
        case "parts":
            yield "reads other rules"
        case "grouping" | "counted field":
            yield f"another {name}"
        case _ if name.startswith("part "):
            if was is not None and is_ is not None:
                yield f"its {name} differs"
        case _:
            yield f"{name} {was or 'none'} → {is_ or 'none'}"


def _condition_words(old: Rule, new: Rule) -> Iterator[str]:
    """Which tests come and go; where none does, they are joined otherwise."""
    before, after = (list(dict.fromkeys(tests_of(each.condition))) for each in (old, new))
    dropped = [test for test in before if test not in after]
    added = [test for test in after if test not in before]
    if dropped:
        yield f"no longer asks whether {_tests(dropped)}"
    if added:
        yield f"now asks whether {_tests(added)}"
    if not dropped and not added:
        yield "joins the same tests otherwise"


def _tests(tests: Sequence[Test]) -> str:
    return cut_list([words_of(test) for test in tests], NAMED_MAX)


def _signal_words(was_signal: bool, is_signal: bool) -> list[str]:
    if was_signal is is_signal:
        return []
    return ["its hits become signals"] if is_signal else ["its hits are no signals any more"]


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, tuple) else []


def _listed_words(what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    before, after = list(before), list(after)
    gone = [each for each in before if each not in after]
    came = [each for each in after if each not in before]
    if gone:
        yield f"no longer {what} {cut_list(gone, NAMED_MAX)}"
    if came:
        yield f"now {what} {cut_list(came, NAMED_MAX)}"


def _text(content: object) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=True)
