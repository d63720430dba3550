"""The command `evidence check`: whether a playbook is sound, and where history and cases say little of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.cli.histories import HistoryChoice, existing, open_seen
from pipelines.cli.wrapping import fitted

if TYPE_CHECKING:
    import duckdb

    from evidence.decision import Bundle
    from evidence.decision.cases import Failure
    from evidence.errors import Place
    from simulator.checking.checkup import Checkup
    from simulator.checking.health import ActionHealth, Health, RuleHealth
    from simulator.checking.mutations import Mutations
    from simulator.checking.proofs import Proved

EXIT_SOUND, EXIT_FINDINGS, EXIT_FAULTS = 0, 1, 2
LISTED_MAX = 20  # what breaks a proof, or no rule speaks to, is often many of one kind
LINE_MAX = 110
_PLACE, _NAME = 20, 40  # widths of columns


def print_check(reference: str, choice: HistoryChoice, *, is_mutated: bool, output_format: str) -> int:
    """Print the check and return the exit code: 2 for slips, 1 where cases or proofs do not hold.

    Raises InputError for a reference that leads nowhere.
    """
    from pipelines.cli.check_json import check_document
    from simulator.bundles.bundle_refs import located
    from simulator.checking.checkup import check_playbook
    from simulator.policies.trying import try_policies_of

    history = _History(choice)
    with located(existing(reference)) as found:
        try_policies_of(found.folder)
        checkup = check_playbook(found.folder, history.open, is_mutated=is_mutated, progress=_progress())
        if output_format == "json":
            document = check_document(checkup, history.source, found.named)
            text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        else:
            lines = _lines(checkup, history) if checkup.bundle else _refusal_lines(checkup)
            text = "".join(f"{fitted(_inert(found.named(line)))}\n" for line in lines)
    sys.stdout.write(text)
    if checkup.has_slips:
        return EXIT_FAULTS
    return EXIT_SOUND if checkup.is_sound else EXIT_FINDINGS


class _History:
    """The history that was chosen, or why there is none."""

    def __init__(self, choice: HistoryChoice) -> None:
        self.choice = choice
        self.absence = ""

    @property
    def source(self) -> str:
        """What was read."""
        return str(self.choice.history or self.choice.incidents or self.choice.warehouse)

    def open(self, bundle: Bundle) -> duckdb.DuckDBPyConnection | None:
        """The chosen history; a warehouse that nothing is published in is none. Raises InputError."""
        from evidence.errors import WarehouseError

        try:
            return open_seen(self.choice, bundle).connection
        except WarehouseError as error:
            self.absence = error.what
            return None


def _progress() -> Any:
    """Tells on a terminal how far the mutants are; nowhere else."""
    if not sys.stderr.isatty():
        return None

    def report(done: int, total: int) -> None:
        sys.stderr.write(f"\r  {done} of {total} mutants tried" + ("\n" if done == total else ""))
        sys.stderr.flush()

    return report


# --- text


def _refusal_lines(checkup: Checkup) -> Iterator[str]:
    broken = sum(each.is_broken_proof for each in checkup.errors)
    counts = {
        "error": len(checkup.errors) - broken,
        "broken proof": broken,
        "warning": len(checkup.warnings),
    }
    *before, last = [_counted(count, what) for what, count in counts.items() if count]
    listed = f"{', '.join(before)} and {last}" if before else last
    yield f"{checkup.folder}: refused, {listed}"
    yield ""
    for finding in checkup.findings:
        yield from finding.lines()


def _lines(checkup: Checkup, history: _History) -> Iterator[str]:
    yield f"{checkup.folder}: {_verdict(checkup)}"
    yield ""
    yield from _summary(checkup, history)
    if checkup.findings:
        yield ""
    for finding in checkup.findings:
        yield from finding.lines()
    yield from _failures("Cases that come out otherwise", checkup.failures)
    yield from _failures("Cases of policies that come out otherwise", checkup.policy_failures)
    if checkup.proved and checkup.proved.broken:
        more = len(checkup.proved.broken) - LISTED_MAX
        yield from ("", "Proofs that do not hold")
        yield from (f"  {each}" for each in checkup.proved.broken[:LISTED_MAX])
        yield from [f"  and {more} more"] if more > 0 else []
    if checkup.health:
        yield from _health(checkup, checkup.health)
    if checkup.mutations:
        yield from _unnoticed(checkup, checkup.mutations)


def _verdict(checkup: Checkup) -> str:
    if not checkup.is_sound:
        broken = checkup.proved.broken if checkup.proved else ()
        parts = {
            "error": len(checkup.errors),
            "failing case": len(checkup.failures) + len(checkup.policy_failures),
            "broken proof": len(broken),
        }
        return "not sound, " + ", ".join(_counted(count, what) for what, count in parts.items() if count)
    doubts = f", {_counted(len(checkup.warnings), 'warning')}" if checkup.warnings else ""
    return f"sound{doubts}"


def _summary(checkup: Checkup, history: _History) -> Iterator[str]:
    bundle, proved = checkup.bundle, checkup.proved
    if bundle is None or proved is None:
        return
    yield _row(
        "content",
        f"{_counted(len(bundle.rules), 'rule')}, {_counted(len(bundle.actions), 'action')}, "
        f"{_counted(len(bundle.policies), 'policy', 'policies')}; digest {bundle.digest[:12]}",
    )
    yield _row("proofs", _proof_words(proved))
    held = len(checkup.cases) - len(checkup.failures)
    policies_held = checkup.policy_case_count - len(checkup.policy_failures)
    own = f"{held} of {len(checkup.cases)} come out as expected" if checkup.cases else "it has none"
    yield _row("cases", f"{own}; of its policies {policies_held} of {checkup.policy_case_count}")
    yield _row("history", _history_words(checkup.health, history))
    if checkup.health:
        yield _row("", _health_words(checkup.health))
    yield from _mutation_rows(checkup.mutations)


def _proof_words(proved: Proved) -> str:
    if not proved.state_count:
        return "hold by construction; there is no state of history or cases to try them on"
    tried = f"{_counted(proved.cell_count, 'cell')} around {_counted(proved.state_count, 'state')}"
    if proved.broken:
        return f"{len(proved.broken)} of {tried} break them"
    return f"hold by construction, and were seen to on {tried} of history and cases"


def _history_words(health: Health | None, history: _History) -> str:
    if health is None:
        return f"not looked at: {history.absence} (`evidence run` publishes one, --history reads another)"
    return (
        f"{_counted(health.incident_count, 'incident')}, {_counted(health.moment_count, 'moment')} "
        f"from {history.source}"
    )


def _health_words(health: Health) -> str:
    counts = (
        (len(health.silent_rules), "rule never held", "rules never held"),
        (len(health.idle_rules), "rule makes no difference", "rules make no difference"),
        (len(health.never_chosen), "action was never recommended", "actions were never recommended"),
        (
            len(health.unspoken_incidents),
            "incident that no rule speaks to",
            "incidents that no rule speaks to",
        ),
    )
    said = [_counted(count, one, many) for count, one, many in counts if count]
    return "on it " + ", ".join(said) if said else "on it every rule, action and incident counts"


def _mutation_rows(mutations: Mutations | None) -> Iterator[str]:
    from simulator.checking.mutant_model import Kind
    from simulator.checking.mutations import Outcome

    if mutations is None:
        yield _row("mutants", "not tried: --mutations says which changes nothing would notice")
        return
    score = mutations.score()
    history, cases = mutations.count(Outcome.BY_HISTORY), mutations.count(Outcome.BY_CASES)
    noticed = f"{score.noticed} of {score.decidable} are noticed"
    yield _row("mutants", f"{noticed}: {history} by history, {cases} by cases alone")
    kinds = ((kind.value, mutations.score(kind)) for kind in Kind)
    yield _row("", ", ".join(f"{name} {each.noticed} of {each.decidable}" for name, each in kinds))
    alike, refused = mutations.count(Outcome.ALIKE), mutations.count(Outcome.REFUSED)
    yield _row("", f"not counted: {alike} that decide alike, {refused} that could not be loaded")


def _failures(title: str, failed: Sequence[Failure]) -> Iterator[str]:
    if failed:
        yield from ("", title)
    for each in failed:
        yield f"  {_where(each.place)}  {each.case_id}"
        yield f"      expected {each.expected}"
        yield f"      found    {each.found}"
        yield f"      because  {each.because}"


def _health(checkup: Checkup, health: Health) -> Iterator[str]:
    rule_count, action_count = len(health.rules), len(health.actions)
    shadowed = health.overshadowed
    others = [each for each in health.never_chosen if each not in shadowed]
    yield from _section(
        f"Rules that never held, {len(health.silent_rules)} of {rule_count}",
        (_rule_line(checkup, each) for each in health.silent_rules),
    )
    yield from _section(
        f"Rules without which every recommendation is the same, {len(health.idle_rules)} of {rule_count}",
        (_rule_line(checkup, each) for each in health.idle_rules),
    )
    yield from _section(
        f"Rungs that were never reached because a lower one is always enough, {len(shadowed)}",
        (_action_line(checkup, each) for each in shadowed),
    )
    yield from _section(
        f"Other actions that were never recommended, {len(others)} of {action_count}",
        (_action_line(checkup, each) for each in others),
    )
    yield from _section("Minimum context that no rule reads", health.unread_context)
    count = len(health.unspoken_incidents)
    more = [f"and {count - LISTED_MAX} more"] if count > LISTED_MAX else []
    yield from _section(
        f"Incidents that no rule speaks to, {count} of {health.incident_count:,}",
        [*health.unspoken_incidents[:LISTED_MAX], *more],
    )


def _section(title: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    """Nothing at all where there are no lines."""
    listed = list(lines)
    if listed:
        yield from ("", title)
        yield from (f"  {line}" for line in listed)


def _rule_line(checkup: Checkup, rule: RuleHealth) -> str:
    held = f"held at {_counted(rule.moment_count, 'moment')}, in {_counted(rule.case_count, 'case')}"
    needed = f"; {_counted(rule.needing_case_count, 'case')} would notice" if rule.case_count else ""
    place = _where(checkup.rule_place(rule.rule))
    return f"{place:<{_PLACE}}  {rule.rule:<{_NAME}}  {held}{needed}"


def _action_line(checkup: Checkup, action: ActionHealth) -> str:
    why = str(action.never_because or "")
    details = [*action.instead, *(f"{gate} ({count})" for gate, count in action.kept_out_by)]
    named = f", by {', '.join(details)}" if details else ""
    cases = f"; in {_counted(action.case_count, 'case')}" if action.case_count else ""
    place = _where(checkup.action_place(action.action))
    return f"{place:<{_PLACE}}  {action.action:<{_NAME}}  {why}{named}{cases}"


def _unnoticed(checkup: Checkup, mutations: Mutations) -> Iterator[str]:
    """Each clause on a line with its changes, or above them where the line would be too long."""
    from simulator.checking.mutations import changes_in_words

    clauses = sorted(
        ((checkup.place_of(among[0].site), among) for among in mutations.unnoticed),
        key=lambda each: (
            each[1][0].site.policy,
            str(each[0].path),
            each[0].line,
            each[1][0].site.clause,
        ),
    )
    score = mutations.score()
    title = (
        f"Changes that neither history nor a case would notice, {score.decidable - score.noticed} "
        f"in {_counted(len(clauses), 'clause')}"
    )
    lines: list[str] = []
    for place, among in clauses:
        head, changes = f"{_where(place):<{_PLACE}}  {among[0].site.clause}", changes_in_words(among)
        whole = f"{head}: {'; '.join(changes)}"
        is_short = len(changes) == 1 or len(whole) <= LINE_MAX
        lines += [whole] if is_short else [f"{head}:", *(f"{'':<{_PLACE}}    {each}" for each in changes)]
    yield from _section(title, lines)


def _where(place: Place) -> str:
    return f"{place.path.name}:{place.line}"


def _row(name: str, text: str) -> str:
    return f"  {name:<10}{text}"


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _inert(line: str) -> str:
    """The line without control characters: a playbook may hold anything that YAML can."""
    return "".join(letter if letter.isprintable() else "�" for letter in line)
