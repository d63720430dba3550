"""The reference pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from playbook_fields import MEANINGS
from playbook_page import FILES, models_below, playbook_page
from reference_pages import columns_page, tables_page
from settings_page import MEANINGS as SETTINGS_MEANINGS
from settings_page import settings_page

from evidence.settings import Settings
from expectations.tables import TABLES

ROOT = Path(__file__).parents[2]


@pytest.mark.golden
def test_the_page_of_tables_follows_from_the_contracts(golden) -> None:
    """docs/reference/tables.md is what the contracts declare."""
    golden("docs/reference/tables.md", tables_page())


@pytest.mark.golden
def test_the_page_of_rule_columns_follows_from_the_contracts(golden) -> None:
    """docs/reference/rule-columns.md is what the contract of incident_states declares."""
    golden("docs/reference/rule-columns.md", columns_page())


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_column_of_every_table_says_what_it_means(name) -> None:
    """Every table and column has a sentence that ends."""
    docs = [TABLES[name].doc, *(column.doc for column in TABLES[name].columns)]
    assert [] == [doc for doc in docs if not doc.rstrip().endswith((".", "?", "…"))]


def test_every_kpi_table_is_explained() -> None:
    """docs/reference/kpis.md has a section for each KPI table."""
    text = (ROOT / "docs/reference/kpis.md").read_text()
    assert [] == [name for name in TABLES if name.startswith("kpis.") and f"## `{name}`" not in text]


@pytest.mark.golden
def test_the_page_of_the_playbook_follows_from_the_models(golden) -> None:
    """docs/reference/playbook.md is what the models of a bundle declare."""
    golden("docs/reference/playbook.md", playbook_page())


def test_every_meaning_belongs_to_a_field() -> None:
    """No meaning is left of a field that has gone."""
    fields = {
        f"{model.__name__}.{name}"
        for _, root in FILES
        for model in models_below(root)
        for name in model.model_fields
    }
    assert fields == set(MEANINGS)


@pytest.mark.golden
def test_the_page_of_the_settings_follows_from_the_model(golden) -> None:
    """docs/reference/settings.md is what the model declares, and what a new file begins with."""
    golden("docs/reference/settings.md", settings_page())


def test_every_meaning_belongs_to_a_setting() -> None:
    """No meaning is left of a setting that has gone."""
    fields = {f"{model.__name__}.{name}" for model in models_below(Settings) for name in model.model_fields}
    assert fields == set(SETTINGS_MEANINGS)
