"""Owns the rollback of a Flux HelmRelease: its chart's version put back in the manifest that Git holds.

Flux's history tells the chart's version of each release, and whether the values differed, but not the values.
"""

from __future__ import annotations

from evidence.handoff.inert import quote
from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import in_manifest
from evidence.handoff.proposals.quoting import comment_lines, heading, yaml_text
from evidence.handoff.proposals.rollback_checks import CHECKS, revision_names, sync_check
from evidence.handoff.proposals.subject import Draft, HelmRelease, Subject


def version_patch(subject: Subject, release: HelmRelease) -> Draft:
    """A merge patch of the one field that names the chart's version."""
    blanks = in_manifest()
    before = blanks.fill(release.previous_version, "previous version of the chart", names.chart_version)
    name = blanks.fill(release.name, "HelmRelease", names.dns_subdomain)
    namespace = blanks.fill(release.namespace, "namespace of the HelmRelease", names.dns_label)
    lines = [
        *heading("applied", subject.incident_id, subject.title),
        *comment_lines(_explained(subject, release, before)),
        f"apiVersion: {yaml_text(release.api_version)}",
        "kind: HelmRelease",
        "metadata:",
        f"  name: {yaml_text(name)}",
        f"  namespace: {yaml_text(namespace)}",
        "spec:",
        "  chart:",
        "    spec:",
        f"      version: {yaml_text(before)}",
    ]
    return Draft(
        format="Flux HelmRelease, a merge patch of its manifest in Git",
        media_type="application/yaml",
        text="\n".join(lines),
        checks=(
            *CHECKS,
            "The manifest in Git reads as the cluster's HelmRelease does: no newer change waits there.",
            "The chart's previous version is still in its repository.",
            _values_check(release),
            sync_check(subject),
        ),
        undo=f"Set the chart's version to {quote(release.version)} again, in Git.",
        to_fill_in=blanks.to_fill_in,
    )


def _explained(subject: Subject, release: HelmRelease, before: str) -> list[str]:
    earlier, later = revision_names(subject)
    return [
        f"Helm ran {earlier}, and after it {later}.",
        "In the file in Git that declares this HelmRelease, the version of its chart goes back:",
        f"{release.version} becomes {before}. All else in the file stays as it is, values included.",
        f"The chart comes from {release.source or 'a source that the evidence does not name'}; which Git"
        " repository holds the file is not in the evidence.",
    ]


def _values_check(release: HelmRelease) -> str:
    if release.are_values_changed is None:
        return "Whether the values changed with the chart is not known: this puts back the chart alone."
    if release.are_values_changed:
        return "The values changed with the chart; this puts back the chart alone, to run with the new ones."
    return "The values are the same for both releases, by Helm's own digest."
