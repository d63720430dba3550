"""Finds where each record lies: byte spans of lines, documents and array elements within a file's bytes.

The scan runs over the bytes read as Latin-1, so that a character is a byte: JSON's structure is ASCII,
and no byte of a multi-byte UTF-8 character is ASCII. It only finds ends; the spans are parsed strictly
elsewhere. What cannot be scanned becomes a fault with its own span, so that no byte that says
something is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.json_strict import JsonRefused, parse

Containers = Mapping[str, Any]
"""Paths of arrays whose elements are records, as a tree: `{"data": {"result": None}}`; `*` is any index."""
IsEnvelope = Callable[[Mapping[str, Any]], bool]
"""Whether an object is known to hold records: then an array of such objects is an array of documents."""

# The C scanner behind json.loads, which also says where a value ends; typeshed leaves both out.
_scan_once: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_scan_string: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]
_BLANK = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Element:
    """One record's span; `enclosing` are the objects around it, outermost first, without their records."""

    start: int
    end: int
    enclosing: tuple[dict[str, Any], ...] = ()
    fault: str = ""
    detail: str = ""


@dataclass(slots=True)
class Document:
    """One top-level JSON value: its elements if it is or holds a container, else `envelope` is all of it."""

    start: int
    end: int
    envelope: dict[str, Any] | None = None
    elements: list[Element] = field(default_factory=list)
    is_container: bool = False
    is_broken: bool = False
    is_walked: bool = False


def containers_of(paths: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """The tree of container paths; a path may not lead through another."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = None
    return tree


def skip_blank(text: str, position: int) -> int:
    """The first position from there on that is not JSON white space."""
    match = _BLANK.match(text, position)
    return match.end() if match else position


class _Stop(Exception):
    """The document cannot be followed any further from `position` on."""

    def __init__(self, position: int, fault: str, detail: str) -> None:
        super().__init__(detail)
        self.position = position
        self.fault = fault
        self.detail = detail


def _never(value: Mapping[str, Any]) -> bool:
    return False


def walk_document(
    data: bytes, text: str, start: int, containers: Containers, is_envelope: IsEnvelope = _never
) -> Document:
    """The document that begins at `start`; `text` is `data` as Latin-1.

    The records of a bare array are its elements, or what lies in those elements that are envelopes.
    Never raises: where the text cannot be followed, the rest is one element with a fault, and
    `is_broken` is set.
    """
    document = Document(start, len(text))
    walker = _Walker(data, text, document, is_envelope)
    try:
        document.end = walker.top(start, containers)
    except _Stop as stop:
        document.is_broken = True
        if not document.is_container:
            document.elements.clear()
        begin = stop.position if document.is_container else start
        end = max(begin, len(text.rstrip(" \t\r\n")))
        # A file that ends right behind a record is cut off all the same: a fault of no length says so.
        document.elements.append(Element(begin, end, (), stop.fault, stop.detail))
    return document


class _Walker:
    def __init__(self, data: bytes, text: str, document: Document, is_envelope: IsEnvelope) -> None:
        self.data = data
        self.text = text
        self.document = document
        self.is_envelope = is_envelope

    def top(self, position: int, containers: Containers) -> int:
        if self.text[position] == "[":
            self.document.is_container = True
            return self.records(position + 1, (), containers)
        envelope: dict[str, Any] = {}
        self.document.envelope = envelope
        return self.members(position + 1, containers, (envelope,))

    def members(self, position: int, containers: Containers, enclosing: tuple[dict[str, Any], ...]) -> int:
        """The members of an object from after its brace; returns the position after the closing brace."""
        into = enclosing[-1]
        position = skip_blank(self.text, position)
        if self.at(position) == "}":
            return position + 1
        while True:
            key, position = self.key(position)
            if key in into:
                # Two parsers would take different ones: the whole document is refused.
                self.document.elements.clear()
                self.document.is_container = False
                raise _Stop(self.document.start, "json_invalid", f"the key {key[:64]!r} is repeated")
            into[key], position = self.member(position, key, containers, enclosing)
            position = skip_blank(self.text, position)
            mark = self.at(position)
            if mark == "}":
                return position + 1
            if mark != ",":
                raise self.stop(position, "expected , or }")
            position = skip_blank(self.text, position + 1)

    def key(self, position: int) -> tuple[str, int]:
        if self.at(position) != '"':
            raise self.stop(position, "expected a key")
        try:
            _, end = _scan_string(self.text, position + 1, True)
            key: str = parse(self.data[position:end])
        except JsonRefused as refused:
            raise _Stop(position, refused.reason, refused.detail) from None
        except ValueError:
            raise self.stop(len(self.text), "a key is not closed") from None
        end = skip_blank(self.text, end)
        if self.at(end) != ":":
            raise self.stop(end, "expected :")
        return key, skip_blank(self.text, end + 1)

    def member(
        self, position: int, key: str, containers: Containers, enclosing: tuple[dict[str, Any], ...]
    ) -> tuple[Any, int]:
        below = containers.get(key, False)
        mark = self.at(position)
        if below is None and mark == "[":
            self.document.is_container = True
            return [], self.records(position + 1, enclosing)
        if isinstance(below, dict) and mark == "{":
            inner: dict[str, Any] = {}
            # Placed first, so that what holds the records can be read even when the text breaks off.
            enclosing[-1][key] = inner
            return inner, self.members(position + 1, below, (*enclosing, inner))
        if isinstance(below, dict) and "*" in below and mark == "[":
            self.document.is_container = True
            return [], self.groups(position + 1, below["*"], enclosing)
        return self.value(position)

    def groups(self, position: int, containers: Containers, enclosing: tuple[dict[str, Any], ...]) -> int:
        """An array of objects that hold containers themselves (Tempo's batches)."""
        position = skip_blank(self.text, position)
        if self.at(position) == "]":
            return position + 1
        while True:
            if self.at(position) == "{":
                position = self.members(position + 1, containers, (*enclosing, {}))
            else:
                begin, position = position, self.skip(position)
                self.document.elements.append(
                    Element(
                        begin, position, enclosing, "field_invalid", "expected an object that holds records"
                    )
                )
            position, is_last = self.after_element(position)
            if is_last:
                return position

    def records(
        self, position: int, enclosing: tuple[dict[str, Any], ...], within: Containers | None = None
    ) -> int:
        """The elements of a container from after its bracket; returns the position after the closing one.

        `within` are the paths below elements of a bare array, should they be documents themselves.
        """
        text, elements = self.text, self.document.elements
        position = skip_blank(text, position)
        if self.at(position) == "]":
            return position + 1
        while True:
            begin = position
            try:
                value, position = _scan_once(text, begin)
                if within and isinstance(value, dict) and self.is_document(value, within):
                    elements += self.inner(begin, position, within)
                else:
                    elements.append(Element(begin, position, enclosing))
            except (ValueError, StopIteration, RecursionError):
                position = self.skip(begin)
                elements.append(Element(begin, position, enclosing, "json_invalid", "not strict JSON"))
            position, is_last = self.after_element(position)
            if is_last:
                return position

    def is_document(self, value: dict[str, Any], containers: Containers) -> bool:
        # Most elements are records, and have none of the keys: only few are looked at closely.
        return not containers.keys().isdisjoint(value) and self.is_envelope(value)

    def inner(self, begin: int, end: int, containers: Containers) -> list[Element]:
        """The records of an element that is a document; the element itself where it holds no container."""
        document = Document(begin, end)
        try:
            _Walker(self.data, self.text, document, self.is_envelope).top(begin, containers)
        except _Stop as stop:
            return [Element(begin, end, (), stop.fault, stop.detail)]
        return document.elements if document.is_container else [Element(begin, end)]

    def after_element(self, position: int) -> tuple[int, bool]:
        position = skip_blank(self.text, position)
        mark = self.at(position)
        if mark == "]":
            return position + 1, True
        if mark != ",":
            raise self.stop(position, "expected , or ]")
        following = skip_blank(self.text, position + 1)
        if self.at(following) in ("]", ""):
            raise self.stop(position, "a comma with nothing behind it")
        return following, False

    def value(self, position: int) -> tuple[Any, int]:
        """A value of the envelope, parsed strictly; if it is not strict JSON, an element with a fault."""
        try:
            _, end = _scan_once(self.text, position)
        except (ValueError, StopIteration, RecursionError):
            end = self.skip(position)
            self.document.elements.append(Element(position, end, (), "json_invalid", "not strict JSON"))
            return None, end
        try:
            return parse(self.data[position:end]), end
        except JsonRefused as refused:
            self.document.elements.append(Element(position, end, (), refused.reason, refused.detail))
            return None, end

    def skip(self, position: int) -> int:
        """The end of a broken value, by brackets and quotes. Raises _Stop when the text ends within it."""
        depth = 0
        for token in _TOKEN.finditer(self.text, position):
            mark = token.group()
            if mark == '"':
                break
            if mark in "[{":
                depth += 1
            elif mark in "]}" and depth:
                depth -= 1
            elif mark in ",]}" and not depth:
                end = len(self.text[position : token.start()].rstrip(" \t\r\n")) + position
                if end == position:
                    raise _Stop(position, "json_invalid", f"expected a value before {mark}")
                return end
        raise _Stop(position, "truncated", "the file ends within the record")

    def at(self, position: int) -> str:
        return self.text[position : position + 1]

    def stop(self, position: int, detail: str) -> _Stop:
        if position >= len(self.text):
            return _Stop(position, "truncated", "the file ends within the document")
        return _Stop(position, "json_invalid", detail)


def is_cut_off(text: str, start: int, end: int) -> bool:
    """Whether the text between, which is not strict JSON, may be the beginning of something that is."""
    depth = 0
    for token in _TOKEN.finditer(text, start, end):
        mark = token.group()
        if mark == '"':
            return True
        depth += (mark in "[{") - (mark in "]}")
    return depth > 0
