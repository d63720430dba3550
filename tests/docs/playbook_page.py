"""Writes docs/reference/playbook.md: every field of a bundle's YAML, from the models that read it."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from annotated_types import Ge, Le, MaxLen, MinLen
from playbook_fields import INTRODUCTION, MEANINGS
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from evidence.decision.approvers import Approvers
from evidence.decision.bundle import Playbook
from evidence.decision.policies import PolicyDeclaration

NOTE = "<!-- Written by `make golden` from the models in `evidence/decision/`; do not edit. -->\n"
FILES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("playbook.yaml", Playbook),
    ("approvers.yaml", Approvers),
    ("policies/<name>.yaml", PolicyDeclaration),
)


def playbook_page() -> str:
    """The page: an introduction, then per file each model with its fields, outermost first."""
    parts = [NOTE, INTRODUCTION]
    for file, root in FILES:
        parts.append(f"## {file}\n")
        parts += [section(model, MEANINGS) for model in models_below(root)]
    return "\n".join(parts)


def models_below(root: type[BaseModel]) -> list[type[BaseModel]]:
    """The model and every model in its fields, each once, outermost first."""
    found = [root]
    for model in found:
        for field in model.model_fields.values():
            found += [inner for inner in _models_in(field.annotation) if inner not in found]
    return found


def title_of(model: type[BaseModel]) -> str:
    """The heading of a model's section; roles of approvers and of columns share a class name."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower()


def section(model: type[BaseModel], meanings: Mapping[str, str]) -> str:
    """A heading, what the model says of itself, and a row for each field."""
    lines = [
        f"### {title_of(model)}\n",
        f"{inspect.cleandoc(model.__doc__ or '')}\n",
        "| field | value | meaning |",
        "|---|---|---|",
    ]
    for name, field in model.model_fields.items():
        cells = [f"`{name}`", _value(field), meanings[f"{model.__name__}.{name}"]]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _value(field: FieldInfo) -> str:
    words = _words(field.annotation, list(_flat(field.metadata)))
    if field.is_required():
        return f"{words}; required"
    if field.default in (None, PydanticUndefined, (), [], {}) or isinstance(field.default, BaseModel):
        return words
    return f"{words}; else `{getattr(field.default, 'value', field.default)}`"


def _words(annotation: Any, limits: list[Any]) -> str:
    """The annotation in words; `limits` are the constraints that stand around it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _words(arguments[0], [*_flat(arguments[1:]), *limits])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(each, limits) for each in arguments if each is not type(None))
    if origin is typing.Literal:
        return _choice(arguments)
    if origin in (tuple, list):
        return f"list of {_words(arguments[0], [])}{_count(limits)}"
    if origin is dict:
        return f"map from {_words(arguments[0], [])} to {_words(arguments[1], [])}{_count(limits)}"
    return _plain(annotation, limits)


def _plain(annotation: type, limits: list[Any]) -> str:
    if issubclass(annotation, BaseModel):
        title = title_of(annotation)
        return f"[{title}](#{title.replace(' ', '-')})"
    if issubclass(annotation, Enum):
        return _choice([each.value for each in annotation])
    if annotation is bool:
        return "true or false"
    return _text(limits) if annotation is str else f"whole number{_range(limits)}"


def _choice(values: Sequence[Any]) -> str:
    quoted = [f"`{value}`" for value in values]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _text(limits: list[Any]) -> str:
    pattern = next((each.pattern for each in limits if getattr(each, "pattern", None)), "")
    longest = _limit(limits, MaxLen, "max_length")
    if pattern.startswith("^[a-z]"):
        return "id" if "(-" in pattern else "name"
    if pattern.startswith("^("):
        return _choice(re.findall(r"[A-Z]+", pattern))
    return f"text of at most {longest} characters" if longest else "text"


def _range(limits: list[Any]) -> str:
    low, high = _limit(limits, Ge, "ge"), _limit(limits, Le, "le")
    if low is None:
        return ""
    return f", {low} or more" if high is None else f" from {low} to {high}"


def _count(limits: list[Any]) -> str:
    low, high = _limit(limits, MinLen, "min_length"), _limit(limits, MaxLen, "max_length")
    words = [*(["at least one"] if low else []), *([f"at most {high}"] if high else [])]
    return f" ({', '.join(words)})" if words else ""


def _limit(limits: list[Any], kind: type, attribute: str) -> int | None:
    return next((getattr(each, attribute) for each in limits if isinstance(each, kind)), None)


def _flat(metadata: Any) -> Iterator[Any]:
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)
