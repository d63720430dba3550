"""Reads YAML without surprises: what one reader takes for a boolean and another for a word is an error.

Refused, each with line and column: duplicate keys, keys that are not text, anchors and aliases (a few
hundred bytes of them expand to gigabytes), written tags of any kind, merge keys, floats, plain words
that YAML 1.1 and 1.2 read differently (`NO`, `on`, `12:30:45`, `017`), and nesting deeper than DEPTH_MAX.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from evidence.bounded_reading import read_bounded
from evidence.errors import EvidenceError, InputError, Place
from evidence.model_words import model_words
from evidence.yaml_nodes import DEPTH_MAX, Composed, TooDeep, compose, compose_once

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]
Compose = Callable[[str], Composed]

_FOLD = re.compile(r"[ \t]*\r?\n[ \t]*")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
# What the field wants is not known here: text, a flag or a number.
AMBIGUOUS_REMEDY = "write a whole number, true or false where that is expected, and quote it where text is"
_AMBIGUOUS = re.compile(
    r"y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE|Null|NULL"
    r"|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?"  # sexagesimal in YAML 1.1
    r"|[-+]?0[0-9_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[-+]?[0-9][0-9_]*_[0-9_]*"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@dataclass(frozen=True)
class Document:
    """One YAML document: its plain value and where each part of it stands.

    `places` holds the value's place per path, `key_places` the key's, `written` each text scalar as it
    stands in the file. `byte_offset` and `byte_length` delimit the document in its file.
    """

    path: Path
    value: Any
    places: dict[Path_, Place]
    key_places: dict[Path_, Place]
    block_paths: frozenset[Path_]
    byte_offset: int = 0
    byte_length: int = 0
    written: dict[Path_, str] = field(default_factory=dict)

    def place(self, *path: str | int) -> Place:
        """The place of the value at `path`, or of the nearest part around it that exists."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                found = self.places[path[:end]]
                return Place(found.path, found.line, found.column, ".".join(map(str, path)))
        return Place(self.path, field=".".join(map(str, path)))

    def place_within(self, offset: int, *path: str | int) -> Place:
        """The place of the character `offset` of the text scalar at `path`, as it stands in the file.

        Exact for plain and quoted scalars, also folded over lines; a double-quoted scalar with
        escapes and a block scalar give the place of their beginning.
        """
        start = self.place(*path)
        written = self.written.get(path)
        if written is None or path in self.block_paths:
            return start
        before = written[: _written_index(written, offset)]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") if lines else start.column + len(before)
        return Place(start.path, start.line + lines, column, start.field)


def load_yaml(path: Path, *, error: type[EvidenceError] = InputError) -> Document:
    """The one document in the file. Raises `error` with line and column."""
    document, faults = survey_yaml(path, error=error)
    if faults or document is None:
        raise faults[0]
    return document


def parse_all_yaml(content: bytes, path: Path, *, error: type[EvidenceError] = InputError) -> list[Document]:
    """Every document in the bytes; `path` only names them in messages."""
    documents, faults = _survey(content, path, error)
    if faults:
        raise faults[0]
    return documents


def survey_all_yaml(
    path: Path, *, error: type[EvidenceError] = InputError
) -> tuple[list[Document], list[EvidenceError]]:
    """Every document in the file as far as it can be read, in order, and all that is wrong, by place.

    Its nodes are not kept for another reading: of files that are read once there may be hundreds.
    """
    try:
        return _survey(read_bounded(path, error), path, error, compose)
    except EvidenceError as failure:
        return [], [failure]


def survey_yaml(
    path: Path, *, error: type[EvidenceError] = InputError
) -> tuple[Document | None, list[EvidenceError]]:
    """The one document in the file as far as it can be read, and all that is wrong in it, by place.

    Where a part is refused the document holds the words as they stand, so that the rest can still be
    looked at; it is None when there is no telling what the parts are.
    """
    try:
        documents, faults = _survey(read_bounded(path, error), path, error)
    except EvidenceError as failure:
        return None, [failure]
    if not faults and len(documents) != 1:
        faults = [error(f"expected one YAML document, found {len(documents)}", place=Place(path))]
    return (documents[0] if documents else None), faults


def parse_model(model: type[Model], document: Document, *, error: type[EvidenceError] = InputError) -> Model:
    """The document as `model`. Raises `error` naming file, line, column and field of the first fault."""
    value, faults = survey_model(model, document, error=error)
    if value is None:
        raise faults[0]
    return value


def survey_model(
    model: type[Model], document: Document, *, error: type[EvidenceError] = InputError
) -> tuple[Model | None, list[EvidenceError]]:
    """The document as `model`, or None and every fault with its place, at most one at each place."""
    try:
        return model.model_validate(document.value), []
    except ValidationError as failure:
        found: dict[Path_, EvidenceError] = {}
        for each in failure.errors(include_url=False):
            # A value that may be of several types is wrong once, not once per type.
            found.setdefault(_part_at_fault(each, document), _model_fault(each, document, error))
    return None, list(found.values())


def _part_at_fault(found: Any, document: Document) -> Path_:
    """The path in the document that the fault is about: pydantic goes on below it with names of types."""
    location: Path_ = tuple(found["loc"])
    if found["type"] == "missing":
        return location
    return next(location[:end] for end in range(len(location), -1, -1) if location[:end] in document.places)


def _model_fault(found: Any, document: Document, error: type[EvidenceError]) -> EvidenceError:
    location = _part_at_fault(found, document)
    if found["type"] == "extra_forbidden":
        place = document.key_places.get(location, document.place(*location))
        place = Place(place.path, place.line, place.column, ".".join(map(str, location)))
        return error(f"unknown key '{location[-1]}'", place=place)
    return error(model_words(found, location), place=document.place(*location))


def _survey(
    content: bytes, path: Path, error: type[EvidenceError], composing: Compose = compose_once
) -> tuple[list[Document], list[EvidenceError]]:
    """Every document as far as it can be read, and every fault by place. Raises when it is no YAML at all."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as failure:
        raise error(f"is not UTF-8 (byte {failure.start})", place=Place(path)) from failure
    try:
        composed = composing(text)
    except MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        raise error(f"is not YAML: {failure.problem or failure.context}", place=place) from failure
    except YAMLError as failure:
        raise error(f"is not YAML: {failure}", place=Place(path)) from failure
    except TooDeep as failure:
        mark = failure.event.start_mark
        what = f"is nested too deeply: at most {DEPTH_MAX} lists and mappings within one another"
        raise error(what, place=Place(path, mark.line + 1, mark.column + 1)) from failure
    except RecursionError as failure:
        raise error("is nested too deeply to be read", place=Place(path)) from failure
    faults = [_alias_or_tag(event, path, error) for event in composed.refused]
    documents = [_document(node, text, path, error, faults) for node in composed.nodes]
    return documents, sorted(faults, key=_line_and_column)


def _line_and_column(fault: EvidenceError) -> tuple[int, int]:
    return (fault.place.line, fault.place.column) if fault.place else (0, 0)


def _document(
    node: Node, text: str, path: Path, error: type[EvidenceError], faults: list[EvidenceError]
) -> Document:
    builder = _Builder(path, text, error, faults)
    value = builder.build(node, ())
    start = len(text[: node.start_mark.index].encode())
    length = len(text[node.start_mark.index : node.end_mark.index].encode())
    return Document(
        path,
        value,
        builder.places,
        builder.key_places,
        frozenset(builder.block_paths),
        start,
        length,
        builder.written,
    )


def _alias_or_tag(event: NodeEvent, path: Path, error: type[EvidenceError]) -> EvidenceError:
    place = Place(path, event.start_mark.line + 1, event.start_mark.column + 1)
    if isinstance(event, AliasEvent) or event.anchor:
        return error("anchors and aliases are not allowed", place=place)
    return error(
        f"the tag {getattr(event, 'tag', None)} is not allowed",
        place=place,
        remedy="Quote text; tags are never needed",
    )


def _written_index(written: str, offset: int) -> int:
    """Index in the scalar as written of the character `offset` of its value; 0 where escapes hide it."""
    quote = written[:1] if written[:1] in ("'", '"') else ""
    if quote == '"' and "\\" in written:
        return 0
    index = len(quote)
    for _ in range(offset):
        fold = _FOLD.match(written, index)
        if fold:
            index = fold.end()
        elif quote == "'" and written.startswith("''", index):
            index += 2
        else:
            index += 1
    fold = _FOLD.match(written, index)
    return fold.end() if fold else index


class _Builder:
    """Turns one node tree into plain values, remembering where each stands and what is wrong with it."""

    def __init__(
        self, path: Path, text: str, error: type[EvidenceError], faults: list[EvidenceError]
    ) -> None:
        self.path = path
        self.text = text
        self.error = error
        self.faults = faults
        self.places: dict[Path_, Place] = {}
        self.key_places: dict[Path_, Place] = {}
        self.block_paths: set[Path_] = set()
        self.written: dict[Path_, str] = {}
        self._built: set[int] = set()

    def build(self, node: Node, at: Path_) -> Any:
        place = self._place(node)
        self.places[at] = place
        if id(node) in self._built:
            return None  # an alias, refused already: following it could go on for gigabytes
        self._built.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, at)
        if isinstance(node, SequenceNode):
            return [self.build(child, (*at, index)) for index, child in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            if node.style in ("|", ">"):
                self.block_paths.add(at)
            self.written[at] = self.text[node.start_mark.index : node.end_mark.index]
            return self._scalar(node, place)
        return self._refuse("is neither a mapping, a list nor a scalar", place)

    def _mapping(self, node: MappingNode, at: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in result:
                # What is wrong within is still reported, at a path that hides nothing.
                self._refuse(f"the key '{key}' is repeated", self._place(key_node))
                self.build(value_node, (*at, f"{key} (repeated)"))
                continue
            self.key_places[(*at, key)] = self._place(key_node)
            result[key] = self.build(value_node, (*at, key))
        return result

    def _key(self, node: Node) -> str:
        place = self._place(node)
        if not isinstance(node, ScalarNode):
            self._refuse("a key must be text", place)
            return f"key at {place.line}:{place.column}"
        before = len(self.faults)
        key = self._scalar(node, place, remedy="quote it")
        if len(self.faults) == before and (not isinstance(key, str) or key == "<<"):
            self._refuse(f"the key {node.value!r} must be text; quote it", place)
        return str(node.value)

    def _scalar(
        self, node: ScalarNode, place: Place, remedy: str = AMBIGUOUS_REMEDY
    ) -> str | int | bool | None:
        text: str = node.value
        if node.style is not None:
            return text
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FRACTION.fullmatch(text):
            self._refuse(
                f"{text} is a fraction, which rounds; write a whole number, or quote it as text", place
            )
        elif _AMBIGUOUS.fullmatch(text):
            self._refuse(f"{text} is read differently by different readers of YAML; {remedy}", place)
        return text

    def _refuse(self, what: str, place: Place) -> None:
        self.faults.append(self.error(what, place=place))

    def _place(self, node: Node) -> Place:
        mark = node.start_mark
        return Place(self.path, mark.line + 1, mark.column + 1)
