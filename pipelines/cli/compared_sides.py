"""Owns what a comparison is of: two playbooks, or one with either of two sets of rules or of policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipelines.cli.histories import PLAYBOOKS, existing, load_named, named_version

if TYPE_CHECKING:
    from evidence.decision import Bundle
    from evidence.detections.signalling import Detections
    from simulator.comparison.compare import Side

USUAL_POLICIES, USUAL_RULES = PurePosixPath("playbooks/policies"), PurePosixPath("playbooks/detections")
_BOTH = (
    "Name two playbooks, two sets of rules with --detections OLD NEW, or of policies with --policies OLD NEW"
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What the command line names, None for what it leaves out.

    `detections` are references to two sets of Sigma rules, `policies` to two folders of Rego policies, and
    `playbook` one to the playbook that decides with either, the active one when omitted; `values` is a file
    of placeholders for both sets of rules.
    """

    baseline: str | None = None
    candidate: str | None = None
    detections: tuple[str, str] | None = None
    playbook: str | None = None
    values: Path | None = None
    policies: tuple[str, str] | None = None

    def sides(self) -> tuple[Side, Side]:
        """Both sides, loaded. Raises InputError for what does not go together or is not there."""
        from simulator.comparison.compare import Side

        self._refuse_what_does_not_go_together()
        if self.detections is not None:
            return self._sides_of_rules(*self.detections)
        if self.policies is not None:
            return self._sides_of_policies(*self.policies)
        baseline, candidate = self._playbooks()
        bundles = load_named(baseline, beside=candidate), load_named(candidate, beside=baseline)
        return Side(bundles[0], baseline), Side(bundles[1], candidate)

    def read(self) -> Sequence[Path]:
        """The paths that are read."""
        named = (*self._playbooks(), *(self.detections or ()), *(self.policies or ()), self.playbook or "")
        return [Path(each) for each in named if each]

    def _playbooks(self) -> tuple[str, str]:
        return named_version(self.baseline or ""), named_version(self.candidate or "")

    def _refuse_what_does_not_go_together(self) -> None:
        from evidence.errors import InputError

        named = [each for each in (self.baseline, self.candidate) if each is not None]
        for option, pair in (("--detections", self.detections), ("--policies", self.policies)):
            if pair is not None and pair[1].startswith("--"):
                raise InputError(f"{option} takes OLD and NEW; {pair[1]} is an option", remedy="Name both")
        if self.detections is not None and self.policies is not None:
            raise InputError("--detections and --policies are two comparisons", remedy="Give one of them")
        option, what = ("--policies", "policies") if self.policies is not None else ("--detections", "rules")
        is_of_sets = self.detections is not None or self.policies is not None
        if is_of_sets and named:
            raise InputError(
                f"{option} compares two sets of {what} under one playbook; {', '.join(named)} is one more",
                remedy=f"Name the playbook with --playbook {named[0]}, or leave out {option}",
            )
        if self.detections is None and self.values is not None:
            raise InputError("--values goes with --detections", remedy=f"Leave it out. {_BOTH}")
        if not is_of_sets and self.playbook is not None:
            what = "--playbook goes with --detections or --policies"
            raise InputError(what, remedy=f"Leave it out. {_BOTH}")
        if not is_of_sets and len(named) < 2:
            lacking = "baseline and no candidate" if not named else "candidate"
            raise InputError(f"there is no {lacking}", remedy=_BOTH)

    def _sides_of_policies(self, old: str, new: str) -> tuple[Side, Side]:
        """The playbook with either folder of policies, checked as a whole with each."""
        from evidence.decision import load_bundle
        from evidence.decision.loading import active_folder
        from simulator.bundles.bundle_refs import located, located_folder
        from simulator.comparison.compare import Side
        from simulator.policies.trying import try_policies

        reference = existing(self.playbook) if self.playbook is not None else str(active_folder(PLAYBOOKS))
        sides = []
        for text, beside in ((old, new), (new, old)):
            with located(reference) as playbook, located_folder(text, beside, USUAL_POLICIES) as folder:
                _refuse_no_policy(folder.folder)
                try_policies(folder.folder)
                bundle = load_bundle(playbook.folder, folder.folder)
            sides.append(Side(bundle, f"{reference} with {text}", policies=text))
        return sides[0], sides[1]

    def _sides_of_rules(self, old: str, new: str) -> tuple[Side, Side]:
        from simulator.comparison.compare import Side

        bundle, reference = self._deciding()
        sides = []
        for text, beside in ((old, new), (new, old)):
            with_rules = replace(bundle, detections=self._detections(bundle, text, beside))
            sides.append(Side(with_rules, f"{reference} with {text}", text))
        return sides[0], sides[1]

    def _deciding(self) -> tuple[Bundle, str]:
        """The playbook that decides on both sides, and how it is called."""
        from evidence.decision import load_active
        from evidence.errors import InputError

        if self.playbook is not None:
            bundle, reference = load_named(self.playbook), named_version(self.playbook)
        else:
            bundle = load_active(PLAYBOOKS)
            reference = str(PLAYBOOKS / bundle.name)
        if bundle.detections is None:
            raise InputError(
                f"{reference} names no detections: no hit of any rule is a signal to it",
                remedy="Add `detections:` with `rules` and `from_level`, or name another with --playbook",
            )
        return bundle, reference

    def _detections(self, bundle: Bundle, text: str, beside: str) -> Detections:
        from evidence.detections.loading import load_rules
        from evidence.detections.rule_folders import load_rule_folder
        from evidence.detections.signalling import Detections
        from evidence.errors import InputError, RefusedDetections
        from simulator.bundles.bundle_refs import located_rules

        if self.values is not None and not self.values.is_file():
            raise InputError(f"--values {self.values} is no file", remedy="Give --values a YAML file")
        with located_rules(text, beside, USUAL_RULES) as found:
            is_plain = self.values is None
            rules = load_rule_folder(found.folder) if is_plain else load_rules(found.folder, self.values)
            assert bundle.detections is not None, "_deciding refuses a playbook without"
            detections = Detections(rules, bundle.detections.from_level)
            if refusals := detections.refusals():
                raise RefusedDetections(refusals)
        return detections


def _refuse_no_policy(folder: Path) -> None:
    """Raises InputError: with a mistaken folder nothing is denied, and approvals seem given up."""
    from evidence.errors import InputError, Place

    if not any(folder.glob("*.rego")):
        remedy = "Name a folder of <name>.rego with <name>.yaml beside each"
        raise InputError("holds no policy", place=Place(folder), remedy=remedy)
