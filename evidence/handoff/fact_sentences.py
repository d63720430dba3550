"""Builds the sentences in which columns of the state are said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.handoff.inert import quote
from evidence.handoff.words import SEVERITY_WORDS, counted, source_name

# From the column's value and the state that it stands in.
Sentence = Callable[[Any, Mapping[str, Any]], str]


def words(template: str) -> Sentence:
    """With the value, quoted, in the place of `{}`."""
    return lambda value, _: template.format(quote(value))


def count(template: str, one: str, many: str = "", none: str = "") -> Sentence:
    """With `3 pods` in the place of `{}`; `none` instead at nought."""
    return lambda value, _: none if none and value == 0 else template.format(counted(value, one, many))


def flag(if_true: str, if_false: str) -> Sentence:
    """One of two sentences."""
    return lambda value, _: if_true if value else if_false


def layer_sentence(value: str, state: Mapping[str, Any]) -> str:
    """The layer with the evidence that its rule names."""
    reason = f" ({state['layer_reason']})" if state["layer_reason"] else ""
    return f"The fault seems to lie in the layer {quote(value)}{reason}."


def state_sentence(value: bool, state: Mapping[str, Any]) -> str:
    """Of the workload, or of those on the node where the incident is about it."""
    if state["is_about_node"]:
        return (
            "The node runs a workload that keeps state."
            if value
            else "No workload seen on the node keeps state."
        )
    return "It keeps state." if value else "It keeps no state."


def severity(source: str) -> Sentence:
    """What a source states, on the common scale."""
    return lambda value, _: (
        f"{source_name(source)} states a severity of {value} of 6 ({SEVERITY_WORDS.get(value, 'unnamed')})."
    )
