r"""Takes secrets out of displayed text, by kind, and makes invisible characters visible.

Redaction is for display only. Anchors point to the raw bytes and their digests are of the raw values, so a
redacted sentence still verifies. Access key *ids* stay: whoever approves a deactivation must know which key.
A kind is written into the text (`[redacted: JWT]`), so that a responder knows what leaked without reading it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A kind of secret. The pattern's group `secret` is taken out; without the group, all of the match."""

    name: str
    pattern: re.Pattern[str]


def _kind(name: str, pattern: str) -> SecretKind:
    return SecretKind(name, re.compile(pattern))


# In order: the particular before the general, so that the text names the most telling kind.
# Every quantifier is bounded or followed by a character it cannot match: attackers choose the text.
SECRET_KINDS: tuple[SecretKind, ...] = (
    _kind(
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)",
    ),
    _kind("JWT", r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    _kind("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    _kind("GitLab token", r"\bglpat-[\w-]{16,}"),
    _kind("Slack token", r"\bxox[a-z]-[A-Za-z0-9-]{10,}"),
    _kind("Slack webhook", r"hooks\.slack\.com/(?P<secret>(?:services|workflows)/[\w/]{10,})"),
    _kind("payment key", r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    _kind("Google API key", r"\bAIza[\w-]{30,}"),
    _kind("package registry token", r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,})"),
    _kind(
        "AWS secret access key",
        r"(?i:aws_?secret_?access_?key|secret_?access_?key)[\"'\\]*\s*[:=]\s*[\"'\\]*(?P<secret>[A-Za-z0-9/+=]{20,})",
    ),
    _kind(
        "AWS session token",
        r"(?i:aws_?session_?token|session_?token|x-amz-security-token)[\"'\\]*\s*[:=]\s*[\"'\\]*(?P<secret>[\w%/+=-]{16,})",
    ),
    _kind(
        "URL signature",
        r"(?i:[?&](?:x-amz-signature|x-goog-signature|sig|signature)=)(?P<secret>[\w%+/=-]{8,})",
    ),
    _kind("password in URL", r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@]{0,200}:(?P<secret>[^\s/@]{1,500})@"),
    _kind("bearer token", r"(?i:\bbearer)\s+(?P<secret>[\w.~+/=-]{8,})"),
    _kind(
        "basic credentials",
        r"(?i:\bauthorization[\"'\\]*\s*[:=]\s*[\"'\\]*basic)\s+(?P<secret>[A-Za-z0-9+/=]{8,})",
    ),
    _kind("cookie", r"(?i:\b(?:set-)?cookie[\"'\\]*\s*[:=])\s*(?P<secret>[^\s;\"'][^;\"'\r\n]{7,})"),
    _kind(
        "password or token",
        # Behind an account's number `secret:` begins a name: arn:aws:secretsmanager:…:111122223333:secret:db.
        r"(?i:(?<![A-Za-z])(?<![0-9]{12}:)(?:password|passwd|pwd|passphrase|(?:client|api|app)?[_-]?secret|api[_-]?key"
        r"|(?:access|refresh|auth|id)[_-]?token|token)\b[\"'\\]*\s*[:=]\s*)"
        r"(?P<secret>\\?\"[^\"]{4,}\"|'[^']{4,}'|(?!\[redacted)[^\s\"',;&)}\]]{4,})",
    ),
    _kind(
        "password option",
        r"(?<!\S)--?(?:password|passwd|token|secret|api-key)[ =](?P<secret>(?!\[redacted)[^\s\"']{4,})",
    ),
    # Forty characters of base64 with capitals, small letters and digits: the shape of an AWS secret key. A
    # hexadecimal digest has no capitals beside small letters; a path has no such run without a dot or dash.
    _kind(
        "secret-shaped text",
        r"(?<![\w/+=.-])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[a-z])(?=[A-Za-z0-9/+]{0,39}[0-9])"
        r"[A-Za-z0-9/+]{40}(?![\w/+=.-])",
    ),
)


def redact(text: str) -> str:
    """The text with each secret replaced by `[redacted: <kind>]`."""
    for kind in SECRET_KINDS:
        text = kind.pattern.sub(lambda match, kind=kind: _replaced(match, kind), text)  # type: ignore[misc]
    return text


def kinds_in(text: str) -> tuple[str, ...]:
    """The kinds of secrets that `redact` would take out of the text, in order of declaration."""
    redacted = redact(text)
    return tuple(kind.name for kind in SECRET_KINDS if f"[redacted: {kind.name}]" in redacted)


def make_visible(text: str) -> str:
    """The text on one line with control, format, bidirectional, private and non-characters as `⟨U+202E⟩`.

    Newlines and tabs become one space: what a log writer lays out must not lay out our pages.
    """
    spaced = re.sub(r"[\t\n\r]+", " ", text)
    return "".join(f"⟨U+{ord(char):04X}⟩" if _is_invisible(char) else char for char in spaced)


def shown(text: str, length_max: int = 400) -> str:
    """Untrusted text as it may be shown: redacted, visible, on one line, cut at `length_max` characters."""
    visible = make_visible(redact(text))
    return visible if len(visible) <= length_max else visible[: length_max - 1].rstrip() + ELLIPSIS


def _replaced(match: re.Match[str], kind: SecretKind) -> str:
    mark = f"[redacted: {kind.name}]"
    if "secret" not in kind.pattern.groupindex:
        return mark
    start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
    return match[0][:start] + mark + match[0][end:]


def _is_invisible(char: str) -> bool:
    # Cc control, Cf format (bidi, zero width), Cs surrogates, Co private, Zl/Zp separators;
    # and Zs other than the plain space, because a no-break space in a name is a disguise.
    category = unicodedata.category(char)
    is_disguise = category == "Zs" and char != " "
    return is_disguise or category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or _is_no_character(ord(char))


def _is_no_character(code: int) -> bool:
    """Whether Unicode will never give it a meaning: YAML and XML refuse U+FFFE and U+FFFF."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
