"""Quoted values cannot leave their place, whatever they are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from evidence.handoff.proposals.quoting import hcl_name, hcl_text, json_text, query_text, yaml_text


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
