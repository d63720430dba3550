"""Charts of a comparison: lengths and places are those of the figures, and the file stands alone."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree

import pytest

from simulator.comparison.model import ChangeKind, Comparison
from simulator.comparison.rendering import chart_svg, metadata_markdown
from simulator.comparison.rendering.charts import DOT_ROWS_MAX, MARGIN, WIDTH, bars_of, times_of

from ..comparisons import change, comparison, decided, summary, unchanged


def test_bars_are_as_long_as_their_counts() -> None:
    """The longest fills the room, and only classes that occur have one."""
    made = comparison(summary=summary(classes={"riskier": 4, "timing": 1}, path_count=2, cosmetic_count=0))
    bars = bars_of(made).bars
    assert [("riskier", 4), ("timing", 1), ("another path", 2)] == [(bar.label, bar.count) for bar in bars]
    assert [4.0, 1.0, 2.0] == [round(bar.length / bars[1].length, 1) for bar in bars]


def test_times_stand_in_their_order_on_the_axis() -> None:
    """Nought at the left edge, the longest at the right, and ticks as far as it reaches."""
    slow = change("inc-9", candidate=decided(time_to_decision_seconds=3_600))
    fast = change("inc-8", candidate=decided(time_to_decision_seconds=0))
    times = times_of(comparison(changed=(fast, slow)))
    assert times is not None
    assert [("inc-8", "-1 min"), ("inc-9", "+59 min")] == [(row.label, row.shift) for row in times.rows]
    assert (float(MARGIN), float(WIDTH - MARGIN)) == (times.rows[0].new, times.rows[1].new)
    assert ["0", "10 s", "1 min", "10 min", "1 h"] == [text for text, _ in times.ticks]
    places = [place for _, place in times.ticks]
    assert sorted(places) == places


def test_where_there_are_many_times_those_that_move_are_drawn() -> None:
    """In order of gravity still, and the chart says how many it left out."""
    still = tuple(change(f"inc-{number:02}") for number in range(30))
    moved = change("inc-99", candidate=decided(time_to_decision_seconds=600))
    times = times_of(comparison(changed=(*still, moved)))
    assert times is not None
    assert DOT_ROWS_MAX == len(times.rows)
    assert "inc-99" == times.rows[-1].label
    assert f"{DOT_ROWS_MAX} of 31: those that move furthest" == times.left_out


def test_without_times_there_is_no_chart_of_them() -> None:
    """A history need not know the first signal."""
    timeless = decided(time_to_decision_seconds=None)
    assert times_of(comparison(changed=(change(baseline=timeless),))) is None
    assert times_of(unchanged()) is None


@pytest.mark.parametrize("made", [comparison(), unchanged()], ids=["changed", "unchanged"])
def test_the_chart_is_a_file_of_its_own(made: Comparison) -> None:
    """Well-formed SVG that asks for nothing from elsewhere and says in words what it shows."""
    chart = chart_svg(made)
    root = ElementTree.fromstring(chart)
    assert "{http://www.w3.org/2000/svg}svg" == root.tag
    assert not re.search(r"(?:href|src|url\(|@import|<script|<image|<foreignObject)", chart)
    assert all(each.get("aria-label") for each in root.findall("{http://www.w3.org/2000/svg}svg"))


def test_the_metadata_of_a_run_holds_the_chart_as_a_picture() -> None:
    """After headline, weakenings and changed incidents; the incidents in full stay in the files."""
    text = metadata_markdown(comparison())
    picture = re.search(r"!\[Changes by class\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)\n\Z", text)
    assert picture is not None
    assert chart_svg(comparison()) == base64.b64decode(picture[1]).decode()
    assert "####" not in text


def test_the_metadata_of_a_run_is_plain_markdown_that_claims_no_gate() -> None:
    """Dagster draws no alerts of GitHub, and its job fails on nothing: it says what would."""
    text = metadata_markdown(comparison())
    assert not re.search(r"\[![A-Z]+\]|<details>|This fails|in the JSON", text)
    assert " `evidence compare` fails until it is put back or allowed by name.**\n" in text
    assert "; `evidence compare --fail-on safety-weakening` fails on it.\n" in text


def test_the_metadata_of_a_run_names_the_changed_incidents() -> None:
    """The gravest on a line each, and how many more there are."""
    made = comparison()
    listed = [change for change in made.changed if change.kind is ChangeKind.DECISION]
    assert listed
    assert all(f"| `{change.incident_id}` |" in metadata_markdown(made) for change in listed)
    many = [listed[0].model_copy(update={"incident_id": f"inc-{number}"}) for number in range(100, 125)]
    text = metadata_markdown(made.model_copy(update={"changed": tuple(many)}))
    assert [f"inc-{number}" for number in range(100, 120)] == re.findall(r"^\| `(inc-1\d\d)` \|", text, re.M)
    assert "\n\nAnd 5 more, in `replay.comparisons`.\n" in text
