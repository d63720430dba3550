"""Settings are complete and strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.errors import InputError
from evidence.settings import load_settings
from expectations.tables.intake import SOURCES

DELAYS = "delivery_delay_seconds:\n" + "".join(f"  {source}: 5\n" for source in SOURCES)
WHOLE = f"{DELAYS}change_lookback_seconds: 7200\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text)
    return path


def test_settings_are_read(tmp_path: Path) -> None:
    """Delays, look-back, metrics and links."""
    more = "metrics:\n  - {name: a, measure: latency, unit: ms, scale: 1000}\nlinks: {logs: 'https://x/{service}'}\n"
    settings = load_settings(written(tmp_path, WHOLE + more))
    assert settings.delivery_delay_seconds["falco"] == 5
    assert (settings.change_lookback_seconds, settings.metrics[0].scale) == (7200, 1000)
    assert settings.links.logs == "https://x/{service}"


def test_a_link_may_have_several_templates(tmp_path: Path) -> None:
    """In the order in which they are tried."""
    more = "links:\n  audit:\n    - https://x/{credential}\n    - https://x/{user}\n"
    settings = load_settings(written(tmp_path, WHOLE + more))
    assert ["https://x/{credential}", "https://x/{user}"] == settings.links.audit


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (WHOLE.replace("  falco: 5\n", ""), "no delay for falco"),
        (WHOLE.replace("falco: 5", "falko: 5"), "unknown source 'falko'"),
        (WHOLE.replace("falco: 5", "falco: -1"), "falco is -1; at least 0 is expected"),
        (WHOLE.replace("falco: 5", "falco: 7776001"), "falco is 7776001; at most 7,776,000 is expected"),
        (WHOLE.replace(": 7200", ": 99999999999"), "at most 31,622,400 is expected"),
        (WHOLE + "colour: red\n", "unknown key 'colour'"),
        (WHOLE + "links: {logs: 'javascript:alert(1)'}\n", "Begin it with https://host/"),
        (WHOLE + "links: {logs: 'http://x/{service}'}\n", "Begin it with https://host/"),
        (WHOLE + "links: {logs: 'https://{service}/'}\n", "does not name a fixed https host"),
        (
            WHOLE + "links: {logs: 'https://x/{password}'}\n",
            r"unknown placeholder \{password\}\. Use one of \{account",
        ),
        (WHOLE + "links: {logs: 'https://x/{service'}\n", "Write braces as"),
        (WHOLE + "links: {logs: 'https://x/{service!r}'}\n", r"unknown placeholder \{service\}"),
        (
            WHOLE + "links:\n  audit: ['https://x/{user}', 'https://x/{name}']\n",
            r"unknown placeholder \{name\}",
        ),
        (WHOLE + "links: {audit: []}\n", r"links\.audit: expected a template"),
        (WHOLE + "links: {audit: [3]}\n", r"links\.audit: expected a template"),
        (WHOLE + "links: {logs: 3}\n", r"links\.logs: expected a template"),
        (
            WHOLE + "metrics: [{name: a, measure: latency, unit: ms, scale: 0}]\n",
            "scale is 0; at least 1 is expected",
        ),
        (
            WHOLE + "metrics:\n" + "  - {name: a, measure: latency, unit: ms, scale: 1}\n" * 2,
            "'a' is named twice",
        ),
    ],
)
def test_faults_are_named_with_their_line(tmp_path: Path, text: str, what: str) -> None:
    """File, line and what to do."""
    with pytest.raises(InputError, match=what) as refused:
        load_settings(written(tmp_path, text))
    assert refused.value.place is not None
    assert refused.value.place.line > 0
