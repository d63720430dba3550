"""What a comparison looks like in every format, and what it says when there is little to say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len

from evidence.errors import InputError
from simulator.comparison.model import (
    BundleRef,
    ChangeClass,
    ChangeKind,
    Comparison,
    HistoryRef,
    LabelEffect,
    Responsibility,
)
from simulator.comparison.rendering import FORMATS, render
from simulator.comparison.rendering.json_document import published_schema
from simulator.comparison.rendering.rows import figures
from simulator.comparison.rendering.wording import headline
from simulator.comparison.summary_model import TimeShift

from ..comparisons import WEAKENINGS, change, changes, comparison, decided, paired, summary, unchanged

ROOT = Path(__file__).parents[3]
GOLDEN = "tests/simulator/comparison/golden/comparison"
READ_BY_PEOPLE = ("text", "markdown", "html")
PAIRED = ("approval_required", "automatic", "active", "unattended", "labelled_right")

Golden = Callable[[Path | str, str], None]


def words(page: str) -> str:
    """The page without style, tags and line ends, so that a sentence is found wherever it is broken."""
    bare = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(bare.split()).replace(" ,", ",")


@pytest.mark.golden
@pytest.mark.parametrize(("output_format", "ending"), [("text", "txt"), ("markdown", "md"), ("json", "json")])
def test_a_comparison_is_written_like_this(golden: Golden, output_format: str, ending: str) -> None:
    """The whole of one small comparison."""
    golden(f"{GOLDEN}.{ending}", render(comparison(), output_format))


@pytest.mark.golden
def test_the_page_of_a_comparison_is_written_like_this(golden: Golden) -> None:
    """Without its style sheet, which it shares with the handoff's page."""
    page = re.sub(r"<style>.*?</style>", "<style></style>", render(comparison(), "html"), flags=re.DOTALL)
    golden(f"{GOLDEN}.html", re.sub(r"'sha256-[^']*'", "'sha256-…'", page))


@pytest.mark.golden
def test_the_published_schema_is_the_models(golden: Golden) -> None:
    """docs/schemas/comparison.schema.json is generated, so that it cannot be out of date."""
    golden("docs/schemas/comparison.schema.json", published_schema())


@pytest.mark.parametrize("made", [comparison(), unchanged()], ids=["changed", "unchanged"])
def test_the_json_keeps_the_published_schema_and_is_the_comparison(made: Comparison) -> None:
    """Changed incidents stand under `changed`, and reading it back gives the same comparison."""
    schema = json.loads((ROOT / "docs/schemas/comparison.schema.json").read_text())
    text = render(made, "json")
    document = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(document)
    changed = [each["incident_id"] for each in document["changed"]]
    assert [each.incident_id for each in made.changed] == changed
    assert made == Comparison.model_validate_json(text)


def test_the_published_schema_refuses_what_is_no_comparison() -> None:
    """An unknown field, and a class that there is not."""
    validator = jsonschema.Draft202012Validator(json.loads(published_schema()))
    document = json.loads(render(comparison(), "json"))
    assert not validator.is_valid({**document, "mttr_seconds": 3})
    document["changed"][0]["classes"] = ["better"]
    assert not validator.is_valid(document)


def test_an_unknown_format_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(InputError, match=r"no format pdf\. Use text, markdown, json, html"):
        render(comparison(), "pdf")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {
                "incident_count": 17,
                "decision_count": 3,
                "path_count": 2,
                "cosmetic_count": 0,
                "classes": {"timing": 1, "safer": 1, "approval-weakening": 1},
            },
            "3 of 17 decisions change: 1 approval-weakening, 1 safer, 1 timing;"
            " 2 more get there by another path.",
        ),
        (
            {
                "incident_count": 17,
                "decision_count": 1,
                "path_count": 0,
                "cosmetic_count": 2,
                "classes": {"lateral": 1, "cosmetic": 2},
            },
            "1 of 17 decisions changes: 1 lateral; 2 are only described otherwise.",
        ),
        (
            {"incident_count": 17, "decision_count": 0, "path_count": 1, "cosmetic_count": 0, "classes": {}},
            "No decision changes: all 17 incidents would be decided as before; 1 gets there by another path.",
        ),
        (
            {"incident_count": 1, "decision_count": 0, "path_count": 0, "cosmetic_count": 0, "classes": {}},
            "No decision changes: the one incident would be decided as before.",
        ),
        (
            {"incident_count": 0, "decision_count": 0, "path_count": 0, "cosmetic_count": 0, "classes": {}},
            "No history speaks: no incident was replayed, and so nothing is known of what would change.",
        ),
    ],
)
def test_the_headline_says_it_in_one_sentence(fields: dict[str, object], expected: str) -> None:
    """How many decisions change and how, the gravest first; another path is no changed decision."""
    assert expected == headline(summary().model_copy(update=fields))


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_removed_approvals_stand_before_everything_that_history_shows(output_format: str) -> None:
    """Loudly, with the name that lets them pass; what is allowed is told, but not among them."""
    page = words(render(comparison(), output_format))
    sentence = "1 approval is removed in the playbook itself, whether or not an incident shows it."
    assert page.index(sentence) < page.index("inc-1")
    assert page.index("--allow actions.restart.mode") < page.index("inc-1")
    assert "1 other safety is weakened in the playbook itself" in page
    assert "--allow actions.scale.approvers" not in page
    assert re.search(r"allowed by name", page, re.IGNORECASE)


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_a_comparison_without_weakenings_raises_no_alarm(output_format: str) -> None:
    """Neither in words nor in colour."""
    page = render(comparison(weakenings=()), output_format)
    assert not re.search(r"approvals? (?:is|are) removed|APPROVALS REMOVED|!CAUTION|section alarm", page)


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_paths_and_cosmetic_differences_are_told_apart_from_decisions(output_format: str) -> None:
    """Each in a section of its own, after the changed decisions."""
    page = words(render(comparison(), output_format)).lower()
    titles = ("changed decisions", "same decision, another path", "same decision and path,")
    places = [page.index(title) for title in titles]
    assert sorted(places) == places
    assert places[1] < page.rindex("inc-4") < places[2] < page.rindex("inc-5")
    assert page.rindex("inc-3") < places[1]


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_regressions_are_named_at_the_top(output_format: str) -> None:
    """Before anything else about single incidents."""
    page = words(render(comparison(), output_format))
    match = re.search(r"regresses:\W*(inc-\d)", page, re.IGNORECASE)
    assert match is not None
    assert ("inc-2", page.index("inc-")) == (match[1], match.start(1))


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_the_same_bundle_is_called_the_same(output_format: str) -> None:
    """No figure is shown where none can say anything."""
    one = BundleRef(reference="playbooks/v3", name="v3", digest="c" * 64, rule_count=5, action_count=4)
    page = words(render(unchanged(baseline=one, candidate=one, clauses=()), output_format))
    assert "No decision changes: all 8 incidents would be decided as before." in page
    assert "Both are the same bundle: their digests are equal." in page
    assert "95 % interval" not in page


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        (slice(0, 2), "2 clauses that can decide differ, and no incident shows it:"),
        (slice(0, 1), "1 clause that can decide differs, and no incident shows it:"),
        (slice(3, 4), "1 clause differs, and none that decides anything."),
    ],
)
def test_a_difference_that_no_incident_shows_is_called_so(
    output_format: str, clauses: slice, expected: str
) -> None:
    """History does not speak about it, or there is nothing to decide in it."""
    made = unchanged(clauses=comparison().clauses[clauses])
    assert expected in words(render(made, output_format))


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_without_incidents_no_history_speaks(output_format: str) -> None:
    """And no table of nothings follows."""
    nothing = TimeShift(
        incident_count=0,
        earlier_count=0,
        later_count=0,
        same_count=0,
        median_seconds=None,
        p90_seconds=None,
        median_interval=None,
    )
    empty = unchanged(
        history=HistoryRef(digest="e" * 64, incident_count=0, as_of=None, has_horizons=False),
        summary=summary(
            incident_count=0,
            same_count=0,
            decision_count=0,
            path_count=0,
            cosmetic_count=0,
            classes={},
            all_classes={},
            time_to_decision=nothing,
            **dict.fromkeys(PAIRED, paired(0, 0, 0, 0)),
            unlabelled_count=0,
        ),
    )
    page = words(render(empty, output_format))
    assert "No history speaks" in page
    assert "interval" not in page


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_too_few_and_unlabelled_are_said_in_words(output_format: str) -> None:
    """No interval is made up for four labels, and none of them is passed over."""
    page = words(render(comparison(), output_format))
    assert "too few, p = 1" in page
    assert "2 of 4 decided as the reviewer says, 3 before; 4 unlabelled." in page
    bare = summary(labelled_right=paired(0, 0, 0, 0), unlabelled_count=8)
    page = words(render(comparison(summary=bare), output_format))
    assert "Unlabelled: no reviewer has said what would have been right." in page


@pytest.mark.parametrize("output_format", [*READ_BY_PEOPLE, "json"])
def test_no_duration_is_sold_as_one_that_would_have_been(output_format: str) -> None:
    """Recovery, mitigation and their means are not a replay's to tell."""
    page = render(comparison(), output_format).lower()
    assert not re.search(r"mttr|time to (?:recover|resolve|mitigate|restore)", page)
    assert not re.search(r"would have (?:lasted|taken)", page)


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_what_was_replayed_until_when_is_said(output_format: str) -> None:
    """And that without people's own actions every moment counts."""
    history = HistoryRef(digest="e" * 64, incident_count=8, as_of="2026-02-01T00:00:00Z", has_horizons=False)
    page = words(render(comparison(history=history), output_format))
    assert "8 incidents, as of 2026-02-01T00:00:00Z, not knowing when people acted" in page


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_labels_of_the_generator_are_not_sold_as_reviewers(output_format: str) -> None:
    """What was invented is said to be, and no verdict is told as that of people."""
    recorded = comparison().history
    page = words(
        render(comparison(history=recorded.model_copy(update={"is_generated": True})), output_format)
    )
    assert "invented by `evidence generate`".replace("`", "") in page.replace("`", "")
    assert "Incidents and labels are invented" in page
    assert "Against the reviewers" not in page
    assert "Against the reviewers" in words(render(comparison(), output_format))


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_cut_lists_say_so(output_format: str) -> None:
    """The figures count what the list leaves out."""
    page = words(render(comparison(changed=changes()[:2]), output_format))
    assert "2 of 5 changed incidents are listed, the gravest; the figures count all of them." in page


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_responsible_clauses_stand_with_their_old_and_new_text(output_format: str) -> None:
    """Sets that suffice alone, clauses that only suffice together, and that not all sets were tried."""
    page = words(render(comparison(), output_format))
    assert "This clause alone turns the decision:" in page
    assert "Each of these 2 sets turns the decision by itself; not every set was tried" in page
    for part in ("rules.old-alert", "when known(node): drain 60", "when is_crashing: restart 50"):
        assert part in page


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_a_long_search_that_found_nothing_is_called_so(output_format: str) -> None:
    """It is not passed over in silence."""
    nothing = Responsibility(minimal_sets=(), necessary=(), is_exhaustive=False)
    page = words(render(comparison(changed=(change(responsible=nothing),)), output_format))
    assert "No set of clauses was found that turns the decision by itself; not every set was tried" in page


def test_a_comment_fits_where_comments_are_written() -> None:
    """A thousand changed incidents with long names: the gravest whole, the others counted."""
    many = tuple(
        change(
            f"inc-{number:04}-{'long-' * 12}name",
            title="Title " * 30,
            classes=(ChangeClass.LATERAL if number % 2 else ChangeClass.RISKIER,),
        )
        for number in range(1000)
    )
    weakenings = tuple(
        each.model_copy(update={"id": f"{each.id}-{number}", "what": "scale " * 40, "witness": "node " * 50})
        for number in range(200)
        for each in WEAKENINGS
    )
    text = render(comparison(changed=many, weakenings=weakenings), "markdown")
    assert len(text) <= 65_536
    assert text.index("#### `inc-0000") < text.index("#### `inc-0002")
    assert "#### `inc-0001" not in text
    assert re.search(r"\d+ more changes in full: in the HTML page and in the JSON\.", text)


def test_grave_changes_are_open_and_the_others_folded() -> None:
    """A weakening and a regression are read by everybody; the change of timing is a click away."""
    text = render(comparison(), "markdown")
    fold = text.index("1 less grave change in full")
    assert text.index("#### `inc-1`") < text.index("#### `inc-2`") < fold < text.index("#### `inc-3`")
    assert text.count("<details>") == text.count("</details>")


def test_changes_are_ordered_by_gravity_and_regressions_first() -> None:
    """Whatever their incidents are called."""
    made = comparison(
        changed=(
            change("inc-1", classes=(ChangeClass.LATERAL,)),
            change("inc-2", classes=(ChangeClass.LATERAL,), label=LabelEffect.REGRESSES),
            change("inc-3", classes=(ChangeClass.RISKIER, ChangeClass.APPROVAL_STRENGTHENING)),
            change("inc-4"),
        )
    )
    text = render(made, "text")
    found = re.findall(r"^(inc-\d)  (.*)$", text, re.MULTILINE)
    assert [
        ("inc-4", "approval-weakening"),
        ("inc-3", "riskier, approval-strengthening"),
        ("inc-2", "lateral, regression"),
        ("inc-1", "lateral"),
    ] == found


def test_no_line_of_text_is_wider_than_a_terminal() -> None:
    """Also with letters that take two columns, and with words that never end."""
    wide = comparison(changed=(change("inc-" + "事件" * 60, title="障害" * 200, reasons=("x" * 700,)),))
    assert max(cell_len(line) for line in render(wide, "text").splitlines()) <= 110


def test_the_figures_of_a_million_incidents_fit_on_a_line() -> None:
    """No digit is left out of a table."""
    counts = paired(1_000_000, 400_000, 300_000, 250_000)
    many = summary(1_000_000, **dict.fromkeys(PAIRED, counts))
    text = render(comparison(summary=many), "text")
    assert 5 == len(re.findall(r" 400000 +450000 +300000 +250000 +\+4\.\d to \+5\.\d", text))


def test_decisions_within_one_second_show_their_fractions() -> None:
    """Otherwise old and new would look alike."""
    close = change(
        classes=(ChangeClass.TIMING,),
        baseline=decided(decided_at="2026-01-05T08:01:00.25Z"),
        candidate=decided(decided_at="2026-01-05T08:01:00.75Z"),
    )
    text = words(render(comparison(changed=(close,)), "text"))
    assert "2026-01-05T08:01:00.25Z (first signal + 1 min) → 2026-01-05T08:01:00.75Z" in text


def test_figures_are_in_percentage_points() -> None:
    """Differences, both ends of the interval, and p for what reviewers say alone."""
    found = {figure.label: figure for figure in figures(summary(labelled_right=paired(17, 7, 8, 0)))}
    labelled = found["decided as the reviewer says"]
    assert ("+8", "8 gained, 0 lost", "p = 0.0078") == (labelled.difference, labelled.moves, labelled.test)
    low, high = labelled.points or (Decimal(0), Decimal(0))
    assert Decimal(0) < low < labelled.observed < high
    assert "" == found["need an approval"].test
    assert "p < 0.0001" == next(iter(figures(summary(labelled_right=paired(90, 7, 80, 0)))[-1:])).test


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_same_comparison_gives_the_same_bytes(output_format: str) -> None:
    """Also when it was built anew."""
    assert render(comparison(), output_format) == render(comparison(), output_format)


def test_a_change_of_the_path_alone_has_no_class_and_no_old_and_new() -> None:
    """The decision is the same, and so it is told once."""
    made = comparison(changed=(changes()[3],))
    assert ChangeKind.PATH is made.changed[0].kind
    text = render(made, "text")
    assert "inc-4  contain: restart" in text
    assert "CHANGED DECISIONS" not in text
