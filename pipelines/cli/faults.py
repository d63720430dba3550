"""The part of `evidence replay` that injects faults: `--faults SEED` or `--faults FROM-TO`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from evidence.decision import Bundle
from evidence.decision.matrix import MODE_WORDS
from evidence.settings import Settings
from evidence.tables import Tables
from evidence.times import NS_PER_SECOND, format_rfc3339
from simulator.faults.injection import Faulted, Injected
from simulator.faults.invariants import INVARIANTS
from simulator.faults.variants import Alteration, Decided, Kind, Variant

INCIDENTS = Path("fixtures")  # whose settings hold for what a warehouse has published
SHOWN_MAX = 20  # failing incidents shown in text; JSON has them all

_WORDS = {
    Kind.DROPPED: "{source} dropped",
    Kind.HEAD_CUT: "{source} without the first {amount} % of each export",
    Kind.TAIL_CUT: "{source} without the last {amount} % of each export",
    Kind.SKEWED: "{source} with its clock {amount:+} s off",
    Kind.DELAYED: "{source} delayed by {amount} s",
    Kind.REORDERED: "{source} reordered",
    Kind.DUPLICATED: "{source} duplicated {amount} s later",
}


def print_faults(
    bundle: Bundle,
    warehouse: Path,
    incidents: Path | None,
    faults: str,
    only: Sequence[str],
    output_format: str,
    repeated: Sequence[str] = (),
) -> int:
    """Replay recorded evidence under the faults of the seeds; returns how many histories broke something.

    The evidence is what is recorded below `incidents`, or else what is published in `warehouse`. `only`
    names incidents, none stands for all. `repeated` are the options that the command which reproduces a
    failure must have besides `--faults` and `--incident`.
    """
    from simulator.faults.injection import inject, seeds_of

    seeds = seeds_of(faults)
    recorded, settings = _evidence(warehouse, incidents)
    injected = inject(recorded, settings, bundle, seeds, only)
    if output_format == "json":
        sys.stdout.write(json.dumps(_document(injected, bundle, repeated), indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in report(injected, bundle, faults, repeated)))
    return len(injected.failures)


def _evidence(warehouse: Path, incidents: Path | None) -> tuple[Tables, Settings]:
    """The recorded evidence, and the settings by which it is enriched."""
    from assets.inputs import settings_path
    from evidence import intake
    from evidence.anchors import sha256_of
    from evidence.errors import WarehouseError
    from evidence.settings import load_settings
    from evidence.warehouse import Warehouse
    from simulator.faults.variants import RECORDED, read_recorded

    settings = load_settings(settings_path(incidents or INCIDENTS))
    if incidents is not None:
        return intake.build(incidents, settings, sha256_of), settings
    tables = Warehouse(warehouse)
    if not set(RECORDED) <= set(tables.published()):
        raise WarehouseError(f"no evidence is published in {warehouse}", remedy="Run `evidence run` first")
    with closing(tables.connect()) as connection:
        return read_recorded(connection), settings


def report(injected: Injected, bundle: Bundle, seeds: str, repeated: Sequence[str]) -> Iterator[str]:
    """The lines printed: each history where there is but one seed, then what broke, then the sums."""
    if "-" not in seeds:
        for faulted in injected.faulted:
            yield from _history(faulted, injected)
        yield ""
    failures = injected.failures
    for faulted in failures[:SHOWN_MAX]:
        yield from _failure(faulted, repeated)
        yield ""
    if len(failures) > SHOWN_MAX:
        yield f"… and {len(failures) - SHOWN_MAX} more"
    yield from _sums(injected, bundle, seeds)


def reproduce(faulted: Faulted, repeated: Sequence[str] = ()) -> str:
    """The one command that replays this incident under this seed."""
    chosen = ["--faults", str(faulted.seed), "--incident", faulted.variant.incident_id]
    return shlex.join(["evidence", "replay", *chosen, *repeated])


def _history(faulted: Faulted, injected: Injected) -> Iterator[str]:
    original = injected.originals[faulted.variant.incident_id]
    yield faulted.variant.incident_id
    yield f"  faults: {_faults(faulted.variant)}"
    if faulted.decided is not None and faulted.decided.recommendation == original.recommendation:
        yield f"  decided: {_decided(faulted.decided)}; {_shift(faulted.decided.at - original.at)}"
        return
    yield f"  recorded: {_decided(original)}"
    yield f"  decided: {_decided(faulted.decided) if faulted.decided else 'nothing'}"


def _failure(faulted: Faulted, repeated: Sequence[str]) -> Iterator[str]:
    first = faulted.breaches[0]
    when = f", moment {first.moment} ({format_rfc3339(first.known_at)})" if first.known_at is not None else ""
    yield f"BROKEN {first.invariant}: {faulted.variant.incident_id}, seed {faulted.seed}{when}"
    yield f"  {first.says}"
    if len(faulted.breaches) > 1:
        yield f"  and {len(faulted.breaches) - 1} more in this history"
    yield f"  faults: {_faults(faulted.variant)}"
    yield f"  reproduce: {reproduce(faulted, repeated)}"


def _sums(injected: Injected, bundle: Bundle, seeds: str) -> Iterator[str]:
    checked = injected.checked
    histories = _count(len(injected.faulted), "history", "histories")
    incidents = _count(len(injected.originals), "incident", "incidents")
    yield (
        f"{histories} of {incidents} under the faults of seed{'s' if '-' in seeds else ''} {seeds}, "
        f"playbook {bundle.name}"
    )
    counts = {kind.replace("_", " "): count for kind, count in injected.fault_counts.items() if count}
    yield f"faults: {', '.join(f'{count:,} {kind}' for kind, count in counts.items()) or 'none'}"
    yield (
        f"moments decided, recorded ones included: {checked.moment_count:,}, "
        f"{checked.active_count:,} of them with an active action ({checked.automatic_count:,} automatic)"
    )
    yield (
        f"decisions of record: {injected.changed_count:,} other than recorded, "
        f"{injected.riskier_count:,} of them riskier"
    )
    broken = {breach.invariant for breach in checked.breaches}
    for invariant in INVARIANTS:
        yield f"{'BROKEN' if invariant.id in broken else 'held'} {invariant.id}: {invariant.sentence}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _faults(variant: Variant) -> str:
    said = "; ".join(_words(each) for each in variant.alterations) or "none: there is no evidence"
    if variant.after is None:
        return said
    return f"{said}; each only for what arrived after {format_rfc3339(variant.after)}"


def _words(alteration: Alteration) -> str:
    return _WORDS[alteration.kind].format(source=alteration.source, amount=alteration.amount)


def _decided(decided: Decided) -> str:
    return (
        f"{decided.recommendation.action} ({MODE_WORDS[decided.recommendation.mode]}) "
        f"at {format_rfc3339(decided.at)}"
    )


def _shift(nanoseconds: int) -> str:
    if not nanoseconds:
        return "as recorded"
    seconds = abs(nanoseconds) // NS_PER_SECOND
    return f"{seconds} s {'later' if nanoseconds > 0 else 'earlier'} than recorded"


def _document(injected: Injected, bundle: Bundle, repeated: Sequence[str]) -> dict[str, Any]:
    checked = injected.checked
    return {
        "playbook": {"name": bundle.name, "digest": bundle.digest},
        "history_count": len(injected.faulted),
        "incident_count": len(injected.originals),
        "moment_count": checked.moment_count,
        "active_count": checked.active_count,
        "automatic_count": checked.automatic_count,
        "changed_count": injected.changed_count,
        "riskier_count": injected.riskier_count,
        "faults": {kind.value: count for kind, count in injected.fault_counts.items()},
        "invariants": {invariant.id: invariant.sentence for invariant in INVARIANTS},
        "failures": [
            {
                "incident_id": faulted.variant.incident_id,
                "seed": faulted.seed,
                "after": faulted.variant.after,
                "faults": [
                    {"source": each.source, "kind": each.kind.value, "amount": each.amount}
                    for each in faulted.variant.alterations
                ],
                "breaches": [
                    {
                        "invariant": breach.invariant,
                        "moment": breach.moment,
                        "known_at": breach.known_at,
                        "says": breach.says,
                    }
                    for breach in faulted.breaches
                ],
                "reproduce": reproduce(faulted, repeated),
            }
            for faulted in injected.failures
        ],
    }
