"""Owns the way from YAML text to its nodes: by libyaml where the text is plain, else by ruamel.yaml.

Scanning is nearly all that reading YAML costs, and libyaml does it some ten times as fast. It reads YAML 1.1
though, hides where an anchor was written and words its errors for itself. So it only answers for text in
which the two readers cannot part and nothing is refused; all else is composed anew by ruamel.yaml, which
alone says what is wrong and where. docs/adr/0005-strict-yaml-with-ruamel.md has the reasons.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser

DEPTH_MAX = 32  # lists and mappings within one another

# Where the readers part: directives, `?` before a key, lines of spaces alone, a colon between a key that has
# an end of its own and its value, tabs, line ends that only YAML 1.1 knows, a byte order mark, and characters
# that only one of them prints. In text within quotes these cost time alone.
_PARTING = re.compile(
    "[^\n\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]|^%|^[ -]*\\?|^ +$|['\"\\]}] *:[^ \n]",
    re.MULTILINE,
)
_BLOCK_HEADER = re.compile(r"[|>][-+1-9]{0,2} *\n")
_AFTER_QUOTES = re.compile(r"[ \n,\]}]|:[ \n]|\Z")


@dataclass(frozen=True)
class Composed:
    """The node of each document that is not empty, and the events that are refused; only to be read."""

    nodes: tuple[Node, ...]
    refused: tuple[NodeEvent, ...]


class TooDeep(Exception):
    """A list or mapping begins within too many others."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


def compose(text: str) -> Composed:
    """The nodes of the text. Raises ruamel.yaml's YAMLError, TooDeep or RecursionError."""
    return compose_fast(text) or compose_carefully(text)


# A run loads the same bundle, settings and declarations in several stages.
compose_once = functools.lru_cache(maxsize=256)(compose)


def compose_fast(text: str) -> Composed | None:
    """The nodes as libyaml gives them; None where ruamel.yaml has to be asked."""
    if not yaml.__with_libyaml__ or _PARTING.search(text):
        return None
    events = yaml.parse(text, Loader=yaml.CBaseLoader)
    try:
        return Composed(tuple(_documents(events, text)), ())
    except (yaml.YAMLError, _Unusual):
        return None


class _Unusual(Exception):
    """Something that is refused, or that the two readers may read or place differently."""


def _documents(events: Iterator[Any], text: str) -> Iterator[Node]:
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            root = next(events)
            if isinstance(root, yaml.ScalarEvent):
                raise _Unusual
            yield _node(root, events, text, 0)


def _node(event: Any, events: Iterator[Any], text: str, depth: int) -> Node:
    """The node that begins with `event`; takes what belongs to it from `events`. Raises _Unusual."""
    if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag or depth == DEPTH_MAX:
        raise _Unusual
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, text)
    parts = []
    closing = next(events)
    while not isinstance(closing, yaml.CollectionEndEvent):
        parts.append(_node(closing, events, text, depth + 1))
        closing = next(events)
    if isinstance(event, yaml.SequenceStartEvent):
        return SequenceNode(None, parts, event.start_mark, closing.end_mark)
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    return MappingNode(None, pairs, event.start_mark, closing.end_mark)


def _scalar(event: Any, text: str) -> ScalarNode:
    start, end = event.start_mark.index, event.end_mark.index
    if start == end:
        raise _Unusual  # left out: the readers place it differently
    if event.style in ("|", ">") and not _BLOCK_HEADER.match(text, start):
        raise _Unusual
    if event.style in ("'", '"') and not _AFTER_QUOTES.match(text, end):
        raise _Unusual
    return ScalarNode(None, event.value, event.start_mark, event.end_mark, style=event.style or None)


class _NotingParser(Parser):
    """Hands out events as its base does and notes those that only events tell: aliases, anchors, tags.

    Raises TooDeep before the composer, which calls itself for each level, has gone too far.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.refused: list[NodeEvent] = []
        self._depth = 0

    def get_event(self) -> Event:
        event: Event = super().get_event()
        self._depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if self._depth > DEPTH_MAX:
            raise TooDeep(event)
        if isinstance(event, NodeEvent) and (
            isinstance(event, AliasEvent) or event.anchor or getattr(event, "tag", None) is not None
        ):
            self.refused.append(event)
        return event


def compose_carefully(text: str) -> Composed:
    """The nodes as ruamel.yaml gives them. Raises its YAMLError, TooDeep or RecursionError."""
    reader = YAML(typ="base", pure=True)  # without the comments, whose gathering takes a quarter of the time
    reader.Parser = _NotingParser
    nodes = tuple(node for node in reader.compose_all(text) if node is not None)
    return Composed(nodes, tuple(reader.parser.refused))
