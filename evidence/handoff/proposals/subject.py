"""What a proposal may use: names and times out of the evidence as of the decision, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.handoff.model import FillIn, Proposal
from evidence.redaction import shown


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload in a cluster, with the pod label by which the catalogue's entry finds its pods."""

    namespace: str
    name: str
    label: str
    label_value: str


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """A Flux HelmRelease whose chart moved: the version that its manifest asks for, and what ran before."""

    api_version: str
    name: str
    namespace: str | None
    version: str
    previous_version: str
    source: str | None = None
    are_values_changed: bool | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What a message says of the incident: sentences, each with its claim in the package."""

    summary: tuple[str, ...] = ()
    open_points: tuple[str, ...] = ()
    decisive_points: tuple[str, ...] = ()
    contenders: tuple[str, ...] = ()
    requested: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One incident's action and the values that its proposal needs; None where the evidence holds none."""

    incident_id: str
    title: str
    action: str
    target: str | None
    acts_on: str | None
    execution_model: str
    approvers: tuple[str, ...]
    readers: tuple[str, ...]
    as_of: str
    addressee: str
    commander: str
    environment: str | None = None
    service: str | None = None
    workload: Workload | None = None
    workload_kind: str | None = None
    cluster: str | None = None
    node: str | None = None
    pods: tuple[str, ...] = ()
    failing_pods: tuple[str, ...] = ()
    dependencies: tuple[Workload, ...] = ()
    unplaced_dependencies: tuple[str, ...] = ()
    remote_ip: str | None = None
    account: str | None = None
    region: str | None = None
    principal: str | None = None
    session: str | None = None
    credential: str | None = None
    consumers: tuple[str, ...] = ()
    resource: str | None = None
    resource_kind: str | None = None
    application: str | None = None
    application_namespace: str | None = None
    repository: str | None = None
    repository_path: str | None = None
    target_revision: str | None = None
    previous_target_revision: str | None = None
    revision: str | None = None
    previous_revision: str | None = None
    is_auto_sync: bool | None = None
    helm_release: HelmRelease | None = None
    disposition: str | None = None
    slack_channel: str | None = None
    dependency_owner: str | None = None
    window: tuple[str, str] = ("", "")
    brief: Brief = Brief()


@dataclass(frozen=True, slots=True)
class Draft:
    """The part of a proposal that its kind decides; the rest is the same for all."""

    format: str
    media_type: str
    text: str
    checks: tuple[str, ...]
    undo: str
    to_fill_in: tuple[FillIn, ...] = ()

    def proposal(self, subject: Subject) -> Proposal:
        """The whole proposal for the subject; never executed."""
        return Proposal(
            action=subject.action,
            format=self.format,
            media_type=self.media_type,
            execution_model=subject.execution_model,
            acts_on=shown(subject.acts_on) if subject.acts_on else None,
            text=self.text if self.text.endswith("\n") else f"{self.text}\n",
            checks=self.checks,
            undo=self.undo,
            to_fill_in=self.to_fill_in,
        )
