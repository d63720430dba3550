"""Quoted values cannot leave their place, whatever they are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from evidence.handoff.proposals import names
from evidence.handoff.proposals.quoting import (
    hcl_name,
    hcl_text,
    json_text,
    kubernetes_name,
    query_text,
    yaml_text,
)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_yaml_and_json_texts_read_back(text: str) -> None:
    """A YAML reader and a JSON reader find the very text, written in ASCII."""
    assert text == YAML(typ="safe", pure=True).load(yaml_text(text))
    assert text == json.loads(json_text(text))
    assert yaml_text(text).isascii()


@given(st.text())
def test_hcl_and_query_texts_cannot_be_left(text: str) -> None:
    """One line of ASCII between two quotation marks, with no template in HCL."""
    for quoted in (hcl_text(text), query_text(text)):
        body = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
        assert quoted.isascii()
        assert "\n" not in quoted
        assert '"' not in body
    assert "${" not in hcl_text(text).replace("$${", "")
    assert "%{" not in hcl_text(text).replace("%%{", "")


@given(st.text())
def test_an_hcl_name_is_an_identifier(text: str) -> None:
    """Whatever it is made from."""
    assert hcl_name(text).isidentifier()


@given(st.text(), st.integers(min_value=12, max_value=63))
def test_a_name_in_kubernetes_is_a_label_of_its_length(text: str, length_max: int) -> None:
    """Whatever it is made from."""
    assert names.dns_label(kubernetes_name(text, length_max))
    assert len(kubernetes_name(text, length_max)) <= length_max


def test_names_that_differ_only_at_their_end_stay_apart() -> None:
    """Two incidents of one day and service do not overwrite each other's policy."""
    begin = "2026-04-15-errors-of-the-checkout-service-in-production-eu1-after-a-release"
    assert kubernetes_name(f"{begin}-a", 40) != kubernetes_name(f"{begin}-b", 40)
    assert "inc-0121-node-rotation" == kubernetes_name("inc-0121-node-rotation", 40)
