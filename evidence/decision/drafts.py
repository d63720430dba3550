"""Owns drafts: a model as far as a faulty document gives it, so that one fault does not hide the next.

A part that is right is kept, a part that is wrong or missing stands in as the least of its type. A draft
is only looked at, never decided by.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined

Model = TypeVar("Model", bound=BaseModel)


def draft(model: type[Model], value: object) -> Model:
    """`value` as `model`, each part as right as it goes; keys that the model does not know are left out.

    Its validators are not asked.
    """
    given = value if isinstance(value, Mapping) else {}
    parts: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        if name in given:
            parts[name] = _part(annotation, given[name])
        else:
            default = field.get_default(call_default_factory=True)
            parts[name] = _part(annotation, None) if default is PydanticUndefined else default
    return model.model_construct(None, **parts)


def _part(annotation: Any, value: object) -> Any:
    try:
        return TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        pass
    kind = _bare(annotation)
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return draft(kind, value)
    if origin is tuple:
        return tuple(_part(inner[0], each) for each in value) if isinstance(value, list) else ()
    if origin is dict:
        pairs = value.items() if isinstance(value, Mapping) else ()
        return {str(key): _part(inner[1], each) for key, each in pairs}
    return _least(kind)


def _bare(annotation: Any) -> Any:
    """The type without its constraints; of a union the first member."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = get_args(annotation)[0]
    return annotation


def _least(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return {str: "", int: 0, bool: False}.get(kind)
