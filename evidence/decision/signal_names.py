"""Owns the doubt about a signal's name: one that nothing has ever carried, a slip away from a known one.

Any text can be the name of a signal, so that a misspelt one is no error: its condition never holds. Nor
does one on the title of a rule whose hits are no signals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from evidence.decision.bundle import Bundle, Use
from evidence.decision.checks import Fault
from evidence.decision.conditions import HasSignal, leaves, literal_sql
from evidence.detections.levels import Level
from evidence.detections.signalling import Detections

EDITS_MAX = 2
LETTERS_PER_EDIT = 4  # of a short name everything is a few letters away


def signal_name_faults(bundle: Bundle, seen: Collection[str]) -> Iterator[Fault]:
    """A warning per condition and name that is not in `seen` (history's and the cases' names) and nearly one.

    Nearly: a name of `seen`, the title of a rule of the bundle, or one that more of its conditions read.
    """
    uses = Counter(name for use in bundle.uses for name in _names(use))
    titles, silent = _titles(bundle.detections)
    seen = {*seen, *titles}
    for use in bundle.uses:
        for name in _names(use):
            known = {*seen, *(other for other, count in uses.items() if count > uses[name])}
            doubt = None if name in seen else silent.get(name) or _slip(name, known)
            if doubt is not None:
                yield Fault(
                    f"{use.role} {use.owner}: {doubt}",
                    use.path,
                    offset=max(0, use.text.find(literal_sql(name))),
                    policy=use.policy,
                    is_warning=True,
                )


def _titles(detections: Detections | None) -> tuple[set[str], dict[str, str]]:
    """Titles of the rules whose hits are signals; and, by title, why those of each other are not."""
    if detections is None:
        return set(), {}
    titles = {heading.title for heading in detections.signalling.reporting()}
    reporting = {heading.id for heading in detections.rules.reporting()}
    return titles, {
        heading.title: (
            f"the rule {heading.title} is of level {Level.of(heading.level)}, "
            f"and hits are signals from {detections.from_level} on"
            if heading.id in reporting
            else f"the rule {heading.title} is part of a correlation and reports nothing by itself"
        )
        for heading in detections.rules.headings().values()
        if heading.title not in titles
    }


def _slip(name: str, known: Collection[str]) -> str | None:
    near = _nearest(name, known)
    return None if near is None else f"no signal is called {name} (did you mean {near}?)"


def _names(use: Use) -> list[str]:
    found = (leaf.name for leaf in leaves(use.condition) if isinstance(leaf, HasSignal))
    return list(dict.fromkeys(found))


def _nearest(name: str, known: Collection[str]) -> str | None:
    """The known name with the fewest edits between, the first of them on a tie; None when all are far."""
    edits_max = min(EDITS_MAX, len(name) // LETTERS_PER_EDIT)
    # Names that differ in their figures alone are a series (stage-1, stage-2) and no slip.
    others = [each for each in known if _without_figures(each) != _without_figures(name)]
    distances = sorted((edits_between(name.casefold(), each.casefold()), each) for each in others)
    return distances[0][1] if distances and distances[0][0] <= edits_max else None


def _without_figures(name: str) -> str:
    return "".join(letter for letter in name if not letter.isdigit())


def edits_between(first: str, second: str) -> int:
    """Letters to put in, leave out or exchange so that the first becomes the second (Levenshtein)."""
    row = list(range(len(second) + 1))
    for place, letter in enumerate(first, start=1):
        before, row = row, [place]
        for at, other in enumerate(second, start=1):
            row.append(min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != other)))
    return row[-1]
