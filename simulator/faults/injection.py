"""Owns fault injection: history replayed under the faults of seeds, every moment held to the invariants."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from evidence.decision import Bundle
from evidence.enrichment.rule_hits import MatchedDetections
from evidence.errors import InputError
from evidence.settings import Settings
from evidence.tables import Tables
from simulator.faults.fault_plans import Recorded, incidents_of, plan
from simulator.faults.invariants import Breach, Checked, check, check_as_of, in_order
from simulator.faults.variants import SEPARATOR, Decided, Kind, Variant, decide, open_variants
from simulator.faults.varied_hits import match_recorded

SEEDS_MAX = 100_000
SEEDS_IN_ONE_PASS = 100  # bounds memory; with more, planning the statements no longer counts
ORIGINAL = "recorded"


@dataclass(frozen=True, slots=True)
class Faulted:
    """One incident under one seed: what happened to its evidence, what was decided, what broke."""

    seed: int
    variant: Variant
    decided: Decided | None
    breaches: tuple[Breach, ...]


@dataclass(frozen=True, slots=True)
class Injected:
    """What came of some seeds: `faulted` by seed and incident, `originals` by incident."""

    originals: Mapping[str, Decided]
    faulted: tuple[Faulted, ...]
    checked: Checked

    @property
    def failures(self) -> tuple[Faulted, ...]:
        """Those in which something broke."""
        return tuple(each for each in self.faulted if each.breaches)

    @property
    def fault_counts(self) -> dict[Kind, int]:
        """How often each kind was injected, in their order."""
        counts = Counter(each.kind for one in self.faulted for each in one.variant.alterations)
        return {kind: counts[kind] for kind in Kind}

    @property
    def changed_count(self) -> int:
        """How often the decision of record is another action, mode or set of approvers than recorded."""
        return sum(
            decided.recommendation != original.recommendation for decided, original in self._decisions()
        )

    @property
    def riskier_count(self) -> int:
        """How often it reaches further than recorded, or is the same action with less approval."""
        return sum(decided.is_riskier_than(original) for decided, original in self._decisions())

    def _decisions(self) -> Iterator[tuple[Decided, Decided]]:
        for one in self.faulted:
            if one.decided is not None:
                yield one.decided, self.originals[one.variant.incident_id]


def seeds_of(text: str) -> range:
    """The seeds that `4711` or `1-100` names. Raises InputError for anything else."""
    first, dash, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit()))):
        raise InputError(
            f"{text!r} is no seed", remedy="Write one number, such as 4711, or a range, such as 1-100"
        )
    seeds = range(int(first), int(last or first) + 1)
    if not 0 < len(seeds) <= SEEDS_MAX:
        raise InputError(
            f"{text} has {len(seeds)} seeds", remedy=f"Ask for 1 to {SEEDS_MAX}, the lower one first"
        )
    return seeds


def inject(
    recorded: Tables,
    settings: Settings,
    bundle: Bundle,
    seeds: Sequence[int],
    only: Collection[str] = (),
    held_to: Bundle | None = None,
) -> Injected:
    """Replay the incidents, or only those named, under the faults of every seed.

    The invariants are those of `held_to`, which is the bundle itself unless another one is given.
    """
    incidents = incidents_of(recorded, only)
    evidence = _Evidence(recorded, settings, match_recorded(recorded, bundle.detections))
    parts = [
        _inject(evidence, bundle, held_to or bundle, seeds[start : start + SEEDS_IN_ONE_PASS], incidents)
        for start in range(0, len(seeds), SEEDS_IN_ONE_PASS)
    ]
    return Injected(
        parts[0].originals if parts else {},
        tuple(one for part in parts for one in part.faulted),
        Checked.total(part.checked for part in parts),
    )


@dataclass(frozen=True)
class _Evidence:
    """What is recorded, by which settings it is enriched, and which rules are true of it."""

    recorded: Tables
    settings: Settings
    matched: MatchedDetections | None


def _inject(
    evidence: _Evidence,
    bundle: Bundle,
    held_to: Bundle,
    seeds: Sequence[int],
    incidents: Sequence[Recorded],
) -> Injected:
    originals = [Variant(incident.incident_id, ORIGINAL) for incident in incidents]
    planned = [(seed, plan(seed, incident)) for seed in seeds for incident in incidents]
    variants = [*originals, *(variant for _, variant in planned)]
    opened = open_variants(evidence.recorded, variants, evidence.settings, bundle.grading, evidence.matched)
    with closing(opened) as connection:
        decided = decide(connection, bundle)
        checked = check(connection, bundle, held_to)
        late = check_as_of(connection, _LATE)
    breaches = _by_variant((*checked.breaches, *late))
    return Injected(
        {original.incident_id: decided[original.id] for original in originals},
        tuple(
            Faulted(seed, variant, decided.get(variant.id), breaches.get(variant.id, ()))
            for seed, variant in planned
        ),
        dataclasses.replace(checked, breaches=in_order([*checked.breaches, *late])),
    )


_LATE = f"""(
    select variant_id, incident_id || '{SEPARATOR}{ORIGINAL}' as original_id, after
    from variants
    where after is not null
)"""


def _by_variant(breaches: Sequence[Breach]) -> dict[str, tuple[Breach, ...]]:
    found: dict[str, list[Breach]] = {}
    for breach in breaches:
        found.setdefault(breach.incident_id, []).append(breach)
    return {variant: in_order(some) for variant, some in found.items()}
