"""Owns which names each tool takes: what the evidence holds is written into a proposal only where it fits.

A name that a tool would refuse, or read as something else (an option, another transport), is treated as not
known, so that a proposal stays valid whatever the evidence says.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Takes = Callable[[str], bool]


def _matching(pattern: str, length_max: int) -> Takes:
    compiled = re.compile(pattern)
    return lambda text: len(text) <= length_max and compiled.fullmatch(text) is not None


# Kubernetes: "Object Names and IDs" (DNS-1123) and "Labels and Selectors".
dns_label = _matching(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", 63)
dns_subdomain = _matching(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", 253)
label_value = _matching(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", 63)

# AWS: the patterns of the IAM and S3 API references.
iam_name = _matching(r"[A-Za-z0-9_+=,.@-]+", 64)
access_key_id = _matching(r"[A-Za-z0-9_]{16,}", 128)
account_id = _matching(r"[0-9]{12}", 12)
# A role's id and a session's name, as `aws:userid` and CloudTrail's `principalId` write them.
role_session = _matching(r"AROA[A-Z0-9]+:[A-Za-z0-9_+=,.@-]{2,64}", 193)
bucket_name = _matching(r"[a-z0-9][a-z0-9.-]+[a-z0-9]", 63)
security_group_id = _matching(r"sg-[0-9a-f]+", 40)

# Git: a revision or branch that cannot be read as an option or a range; a remote without a password in it.
git_revision = _matching(r"(?!.*(\.\.|//|@\{))[A-Za-z0-9][A-Za-z0-9_./+-]*(?<![./])", 200)
git_remote = _matching(
    r"(https://|ssh://git@|git@)[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?[:/][A-Za-z0-9_./~-]+", 400
)
chart_version = _matching(r"[0-9A-Za-z][0-9A-Za-z.+-]*", 128)
github_slug = _matching(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_-]", 140)
folder = _matching(r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*", 400)

# Slack: the name of a channel.
slack_channel = _matching(r"[a-z0-9_-]+", 80)


def anything(text: str) -> bool:
    """Where the format takes any text, quoted."""
    return bool(text)
