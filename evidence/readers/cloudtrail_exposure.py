"""Owns the table of API calls that open a resource to everyone, or close it again.

A call that is not in the table says nothing (NULL). "Everyone" is an address range of prefix length 0,
the principal `*`, the group `all`, or the S3 groups AllUsers and AuthenticatedUsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evidence.json_strict import JsonRefused, parse
from evidence.readers.contract import Json
from evidence.readers.fields import loose_mapping, loose_objects, loose_text

_PUBLIC_GROUPS = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def is_public_exposure(name: str, parameters: Json) -> bool | None:
    """True when the call opens something to everyone, False when it closes it, None when it says neither."""
    rule = _RULES.get(name)
    return rule(parameters) if rule else None


def _opened_ingress(parameters: Json) -> bool | None:
    return True if any(_is_everywhere(cidr) for cidr in _ranges(parameters)) else None


def _closed_ingress(parameters: Json) -> bool | None:
    return False if any(_is_everywhere(cidr) for cidr in _ranges(parameters)) else None


def _ranges(parameters: Json) -> Iterator[str | None]:
    yield loose_text(parameters, "cidrIp")
    yield loose_text(parameters, "cidrIpv6")
    for permission in loose_objects(loose_mapping(parameters, "ipPermissions").get("items")):
        for inner, key in (("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6")):
            for item in loose_objects(loose_mapping(permission, inner).get("items")):
                yield loose_text(item, key)


def _is_everywhere(cidr: str | None) -> bool:
    return cidr is not None and cidr.endswith("/0")


def _bucket_policy(parameters: Json) -> bool | None:
    """A policy replaces the one before, so that one without a public statement closes."""
    policy: Any = parameters.get("bucketPolicy", parameters.get("policy"))
    if isinstance(policy, str):
        try:
            policy = parse(policy.encode())
        except JsonRefused:
            return None
    if not isinstance(policy, dict):
        return None
    return any(_is_public_statement(statement) for statement in loose_objects(policy.get("Statement")))


def _is_public_statement(statement: Json) -> bool:
    principal = statement.get("Principal")
    principals = principal.get("AWS") if isinstance(principal, dict) else principal
    is_anyone = principals == "*" or (isinstance(principals, list) and "*" in principals)
    return statement.get("Effect") == "Allow" and is_anyone and not statement.get("Condition")


def _acl(parameters: Json) -> bool | None:
    canned = parameters.get("x-amz-acl")
    words = canned if isinstance(canned, list) else [canned]
    if any(word in _PUBLIC_ACLS for word in words):
        return True
    grants = loose_mapping(parameters, "AccessControlPolicy", "AccessControlList").get("Grant")
    uris = [loose_text(loose_mapping(grant, "Grantee"), "URI") for grant in loose_objects(grants)]
    if any(uri in _PUBLIC_GROUPS for uri in uris):
        return True
    return False if canned or grants else None


def _access_block(parameters: Json) -> bool | None:
    block = loose_mapping(parameters, "PublicAccessBlockConfiguration")
    values = [block.get(name) for name in _BLOCKS]
    return None if not block else not all(value is True or value == "true" for value in values)


def _attribute(key: str) -> Callable[[Json], bool | None]:
    def rule(parameters: Json) -> bool | None:
        permission = loose_mapping(parameters, key)
        if any(item.get("group") == "all" for item in _group_items(permission, "add")):
            return True
        return (
            False if any(item.get("group") == "all" for item in _group_items(permission, "remove")) else None
        )

    return rule


def _group_items(permission: Json, key: str) -> list[Json]:
    return [*loose_objects(loose_mapping(permission, key).get("items"))]


def _database_snapshot(parameters: Json) -> bool | None:
    for key, result in (("valuesToAdd", True), ("valuesToRemove", False)):
        values = parameters.get(key)
        if isinstance(values, list) and "all" in values:
            return result
    return None


def _database_instance(parameters: Json) -> bool | None:
    value = parameters.get("publiclyAccessible")
    return value if isinstance(value, bool) else None


def _any_principal(parameters: Json) -> bool | None:
    return True if parameters.get("principal") == "*" else None


def _opens(parameters: Json) -> bool | None:
    return True


def _closes(parameters: Json) -> bool | None:
    return False


_RULES: dict[str, Callable[[Json], bool | None]] = {
    "AddPermission": _any_principal,
    "AddPermission20150331": _any_principal,
    "AddPermission20150331v2": _any_principal,
    "AuthorizeSecurityGroupIngress": _opened_ingress,
    "CreateDBInstance": _database_instance,
    "DeleteAccountPublicAccessBlock": _opens,
    "DeleteBucketPolicy": _closes,
    "DeleteBucketPublicAccessBlock": _opens,
    "DeletePublicAccessBlock": _opens,
    "ModifyDBClusterSnapshotAttribute": _database_snapshot,
    "ModifyDBInstance": _database_instance,
    "ModifyDBSnapshotAttribute": _database_snapshot,
    "ModifyImageAttribute": _attribute("launchPermission"),
    "ModifySnapshotAttribute": _attribute("createVolumePermission"),
    "PutAccountPublicAccessBlock": _access_block,
    "PutBucketAcl": _acl,
    "PutBucketPolicy": _bucket_policy,
    "PutBucketPublicAccessBlock": _access_block,
    "PutObjectAcl": _acl,
    "PutPublicAccessBlock": _access_block,
    "RevokeSecurityGroupIngress": _closed_ingress,
}
