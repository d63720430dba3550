"""Holds proposals to their own formats, strictly: Kubernetes' schemas, AWS's parameters, Git, the shell."""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from ruamel.yaml import YAML

from evidence.handoff.model import Proposal

from . import request_formats


class Strict(BaseModel):
    """A part of a manifest: no key besides those of the API, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
DnsSubdomain = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
LabelKey = Annotated[
    str, Field(pattern=r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$")
]
LabelValue = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")]
Labels: TypeAlias = dict[LabelKey, LabelValue]
Cidr = Annotated[str, AfterValidator(_network)]


class Metadata(Strict):
    """ObjectMeta, as far as proposals use it."""

    name: DnsSubdomain
    namespace: DnsLabel | None = None
    labels: Labels = {}


class Selector(Strict):
    """A LabelSelector that selects something in particular."""

    matchLabels: Annotated[Labels, Field(min_length=1)]


class IpBlock(Strict):
    """A network without some of its addresses."""

    cidr: Cidr
    except_: Annotated[list[Cidr], Field(alias="except")] = []


class Peer(Strict):
    """What an egress rule lets traffic go to."""

    namespaceSelector: Selector | None = None
    podSelector: Selector | None = None
    ipBlock: IpBlock | None = None


class Port(Strict):
    """A port of a protocol."""

    protocol: Literal["TCP", "UDP"]
    port: Annotated[int, Field(ge=1, le=65535)]


class EgressRule(Strict):
    """Peers and ports to which traffic may go."""

    to: Annotated[list[Peer], Field(min_length=1)]
    ports: list[Port] = []


class PolicySpec(Strict):
    """NetworkPolicySpec without any ingress."""

    podSelector: Selector
    policyTypes: list[Literal["Ingress", "Egress"]]
    ingress: Annotated[list[Any], Field(max_length=0)] = []
    egress: list[EgressRule]


class NetworkPolicy(Strict):
    """networking.k8s.io/v1 NetworkPolicy."""

    apiVersion: Literal["networking.k8s.io/v1"]
    kind: Literal["NetworkPolicy"]
    metadata: Metadata
    spec: PolicySpec


class NodeSpec(Strict):
    """The one field that a cordon sets."""

    unschedulable: Literal[True]


class NodePatch(Strict):
    """A merge patch of a v1 Node."""

    apiVersion: Literal["v1"]
    kind: Literal["Node"]
    metadata: Metadata
    spec: NodeSpec


class Source(Strict):
    """The one field that a rollback sets."""

    targetRevision: Annotated[str, Field(min_length=1)]


class ApplicationSpec(Strict):
    """The part of the spec that holds it."""

    source: Source


class ApplicationPatch(Strict):
    """A merge patch of an Argo CD Application."""

    apiVersion: Literal["argoproj.io/v1alpha1"]
    kind: Literal["Application"]
    metadata: Metadata
    spec: ApplicationSpec


class ChartSpec(Strict):
    """The one field that a rollback of a chart sets."""

    version: Annotated[str, Field(min_length=1)]


class Chart(Strict):
    """The template of the chart."""

    spec: ChartSpec


class HelmReleaseSpec(Strict):
    """The part of the spec that holds it."""

    chart: Chart


class HelmReleasePatch(Strict):
    """A merge patch of a Flux HelmRelease."""

    apiVersion: Literal["helm.toolkit.fluxcd.io/v2"]
    kind: Literal["HelmRelease"]
    metadata: Metadata
    spec: HelmReleaseSpec


Manifest = NetworkPolicy | NodePatch | ApplicationPatch | HelmReleasePatch
MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Annotated[Manifest, Field(discriminator="kind")])

# Patterns of the IAM API reference; what the workflow itself does has no pattern of its own.
_IAM_NAME, _KEY = r"[\w+=,.@-]{1,64}", r"\w{16,128}"
_POLICY_ARN = r"arn:aws:iam::(aws|\d{12}):policy/[\w+=,.@/-]+"
OPERATIONS: Mapping[str, Mapping[str, str]] = {
    "iam:AttachUserPolicy": {"UserName": _IAM_NAME, "PolicyArn": _POLICY_ARN},
    "iam:CreateAccessKey": {"UserName": _IAM_NAME},
    "iam:GetAccessKeyLastUsed": {"AccessKeyId": _KEY},
    "iam:PutRolePermissionsBoundary": {"RoleName": _IAM_NAME, "PermissionsBoundary": _POLICY_ARN},
    "iam:PutRolePolicy": {"RoleName": _IAM_NAME, "PolicyName": _IAM_NAME, "PolicyDocument": ""},
    "iam:PutUserPermissionsBoundary": {"UserName": _IAM_NAME, "PermissionsBoundary": _POLICY_ARN},
    "iam:UpdateAccessKey": {"UserName": _IAM_NAME, "AccessKeyId": _KEY, "Status": "Active|Inactive"},
    "identity-provider:SuspendUser": {"user": r"(?s).+"},
    "create-new-version": {"secret": r"(?s).+"},
    "end-old-version": {"secret": r"(?s).+"},
    "move-consumer": {"consumer": r"(?s).+"},
}


def hold(proposal: Proposal) -> None:
    """Raises when the text is not valid in its format as it stands, or hides what is to be filled in."""
    _BY_MEDIA_TYPE[proposal.media_type](proposal.text)
    for blank in proposal.to_fill_in:
        assert blank.stands_as in proposal.text, blank
    assert "<unknown" not in proposal.text
    for request in proposal.requests:
        request_formats.hold(request)


def manifest(text: str) -> Manifest:
    """The text's one YAML document, as the API takes it."""
    documents = list(YAML(typ="safe", pure=True).load_all(text))
    assert 1 == len(documents)
    return MANIFEST.validate_python(documents[0])


def _request(text: str) -> None:
    request = json.loads(text)
    assert {"incident", "account", "requires_approval_of", "steps", "executed"} == set(request)
    assert request["executed"] is False
    assert _is_blank(request["account"]) or re.fullmatch(r"\d{12}", request["account"])
    for step in request["steps"]:
        parameters = OPERATIONS[step["operation"]]
        assert set(parameters) == set(step["parameters"])
        for name, pattern in parameters.items():
            value = step["parameters"][name]
            assert _is_blank(value) or _fits(value, pattern), (step, name)


def _fits(value: Any, pattern: str) -> bool:
    return bool(re.fullmatch(pattern, value)) if pattern else isinstance(value, dict)


def _is_blank(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"to_fill_in"}


def _shell(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def _patch(text: str) -> None:
    """Applies to a repository that has none of it, and leaves a file whose blocks close."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        subprocess.run(["git", "apply", "--check", "-"], cwd=folder, input=text, text=True, check=True)
        subprocess.run(["git", "apply", "-"], cwd=folder, input=text, text=True, check=True)
        (written,) = Path(folder).glob("*.tf")
        terraform(written.read_text())


_HCL_LINE = re.compile(
    r'\s*(?:#.*|[a-z_][a-z0-9_]*(?: "[^"]+")* \{|\}|[a-z_][a-z0-9_]* *= (?:"(?:[^"\\]|\\.)*"|[a-z0-9_.]+))?'
)


def terraform(text: str) -> None:
    """Each line is a comment, a block's head or end, or an attribute; every block ends; variables exist."""
    depth = 0
    for line in text.splitlines():
        assert _HCL_LINE.fullmatch(line), line
        depth += line.endswith("{") - (line.strip() == "}")
        assert depth >= 0
    assert 0 == depth
    assert set(re.findall(r"var\.(\w+)", text)) <= set(re.findall(r'variable "(\w+)"', text))


def _query(text: str) -> None:
    """Every line is a comment or one query, with its quotation marks and brackets closed."""
    for line in text.splitlines():
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        assert line.startswith("#") or all(bare.count(a) == bare.count(b) for a, b in ("{}", "()", "[]"))
        assert line.startswith("#") or 0 == bare.count('"') % 2


def _prose(text: str) -> None:
    assert text.startswith("Draft, not sent.\n")


_BY_MEDIA_TYPE = {
    "application/json": _request,
    "application/yaml": manifest,
    "text/plain": _prose,
    "text/x-diff": _patch,
    "text/x-query": _query,
    "text/x-shellscript": _shell,
}
