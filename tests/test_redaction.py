"""Secrets leave displayed text by kind; identifiers stay; invisible characters become visible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.redaction import kinds_in, make_visible, redact, shown

# Joined at run time, so that no scanner takes this file for a leak.
KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".SflKxwRJSMeKKF2QT4"
SECRETS = (
    ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ("private key", "-----BEGIN " + "PRIVATE KEY-----\nMIIEow and the file ends", "MIIEow"),
    ("JWT", f"token seen: {JWT}", "SflKxw"),
    ("GitHub token", "clone with ghp_" + "a1B2" * 9, "a1B2"),
    ("GitHub token", "github_pat_" + "11ABCDE_" * 5, "11ABCDE_"),
    ("GitLab token", "glpat-" + "x1y2z3-a4b5c6d7e8f9", "x1y2z3"),
    ("Slack token", "xoxb-" + "123456789012-abcdef", "123456789012"),
    ("Slack webhook", "https://hooks.slack.com/" + "services/T000/B000/XXXXXXXX", "XXXXXXXX"),
    ("payment key", "sk_live_" + "4eC39HqLyjWDarjt", "4eC39"),
    ("Google API key", "AIza" + "SyA-1234567890abcdefghijklmnopqrstu", "abcdefg"),
    ("package registry token", "npm_" + "a1B2" * 9, "a1B2"),
    ("AWS secret access key", f"aws_secret_access_key = {KEY}", KEY),
    ("AWS secret access key", f'{{"SecretAccessKey": "{KEY}"}}', KEY),
    ("AWS session token", "AWS_SESSION_TOKEN=" + "IQoJb3JpZ2luX2VjEXAMPLE", "IQoJ"),
    ("AWS session token", '\\"sessionToken\\": \\"' + "IQoJb3JpZ2luX2VjEXAMPLE", "IQoJ"),
    ("URL signature", "https://b.example/k?X-Amz-Signature=" + "0a1b2c3d4e5f", "0a1b2c"),
    ("password in URL", "postgres://app:hunter2x@db.example/ledger", "hunter2x"),
    ("bearer token", "Authorization: Bearer abcdefghijklmnop", "abcdefgh"),
    ("basic credentials", "authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcj"),
    ("cookie", "Set-Cookie: session=0123456789abcdef; Path=/", "0123456789"),
    ("password or token", "password=hunter2x", "hunter2x"),
    ("password or token", '{"client_secret": "s3cr3t-value"}', "s3cr3t"),
    ("password option", "mysql --password hunter2x -u app", "hunter2x"),
    ("secret-shaped text", f"found {KEY} in the log", KEY),
)
NO_SECRETS = (
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAQX7R2K4VDEXAMPLE used from 203.0.113.9",
    "5f2ca2c8e0f1be66ab33901ac42c27503d157b3d",
    "sha256:0c3e6cb9ed5f0c3e6cb9ed5f0c3e6cb9ed5f0c3e6cb9ed5f0c3e6cb9ed5f0c3e",
    "list secrets in payments",
    "https://git.example.com/acme/apps.git",
    "user alice@example.com logged in",
    "/usr/share/nginx/html/assets/js/main.7f2c.js",
    "the token bucket is empty",
    "rotate the password of the service",
    "arn:aws:secretsmanager:eu-central-1:111122223333:secret:inventory/db-a1B2c3",
)


@pytest.mark.parametrize(("kind", "text", "secret"), SECRETS)
def test_a_secret_is_replaced_by_its_kind(kind: str, text: str, secret: str) -> None:
    """The kind stays readable, the secret does not."""
    assert secret not in redact(text)
    assert (kind,) == kinds_in(text)


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_a_responder_needs_stays(text: str) -> None:
    """Key ids, digests, revisions, addresses and plain words."""
    assert text == redact(text)


def test_what_stands_around_a_secret_stays() -> None:
    """User and host of a URL name the account to look at."""
    assert "postgres://app:[redacted: password in URL]@db.example/ledger" == redact(
        "postgres://app:hunter2x@db.example/ledger"
    )


def test_several_secrets_in_one_line_are_all_replaced() -> None:
    """One finding does not hide the next."""
    text = f"password=hunter2x {JWT} aws_secret_access_key={KEY}"
    assert {"JWT", "AWS secret access key", "password or token"} == set(kinds_in(text))
    assert not [secret for secret in ("hunter2x", "SflKxw", KEY) if secret in redact(text)]


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """What it writes is no secret."""
    once = redact(text)
    assert once == redact(once)


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("a\x1b[31mb", "a⟨U+001B⟩[31mb"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u200bb\ufeffc", "a⟨U+200B⟩b⟨U+FEFF⟩c"),
        ("a\u00a0b", "a⟨U+00A0⟩b"),
        ("a\x00\u2028b", "a⟨U+0000⟩⟨U+2028⟩b"),
        ("a\r\n\tb", "a b"),
        ("ordinary text, grüße, 東京", "ordinary text, grüße, 東京"),
    ],
)
def test_invisible_characters_become_visible(text: str, visible: str) -> None:
    """Written out by code point; what lays out lines becomes a space."""
    assert visible == make_visible(text)


def test_a_long_text_is_cut_after_redaction() -> None:
    """A secret at the cut is not half shown."""
    text = "x" * 390 + " password=hunter2xhunter2x"
    assert "hunter" not in shown(text, 400)
    assert 400 == len(shown("y" * 1000, 400))


def test_attackers_cannot_make_redaction_slow() -> None:
    """Half a megabyte of almost-secrets is read in passing: no pattern backtracks over all of it."""
    beginnings = ("eyJ", "password", "a://", "-----BEGIN ", "A1a", "cookie: ", "token=", "AWSsecretaccesskey")
    for text in (beginning * 50_000 for beginning in beginnings):
        assert len(redact(text)) <= len(text) * 3
