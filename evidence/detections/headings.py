"""Owns what every Sigma document says of itself: its id, title, level, tags, and the log source it is for."""

from __future__ import annotations

from typing import Any

from sigma.exceptions import SigmaError
from sigma.rule import SigmaLogSource, SigmaRule

from evidence.detections.log_sources import LOG_SOURCES
from evidence.detections.rules import Heading
from evidence.errors import DetectionError, Place
from evidence.strict_yaml import Document

# pySigma's errors do not say the key, but each kind is about one.
_KEY_BY_ERROR = {
    "SigmaIdentifierError": "id",
    "SigmaTitleError": "title",
    "SigmaNameError": "name",
    "SigmaTaxonomyError": "taxonomy",
    "SigmaRelatedError": "related",
    "SigmaLevelError": "level",
    "SigmaStatusError": "status",
    "SigmaTagError": "tags",
    "SigmaValueError": "tags",
    "SigmaDateError": "date",
    "SigmaModifiedError": "modified",
    "SigmaFieldsError": "fields",
    "SigmaFalsePositivesError": "falsepositives",
    "SigmaAuthorError": "author",
    "SigmaDescriptionError": "description",
    "SigmaReferencesError": "references",
    "SigmaScopeError": "scope",
    "SigmaLicenseError": "license",
    "SigmaLogsourceError": "logsource",
}
_OLD_COLLECTIONS = "collections that are built by 'action' are no longer Sigma"


def read_heading(document: Document) -> tuple[Heading, list[DetectionError]]:
    """The heading as far as it can be read, and every fault in it."""
    said: dict[str, Any] = document.value
    faults = []
    if "action" in said:
        place = document.place("action")
        faults.append(DetectionError(_OLD_COLLECTIONS, place=place, remedy="Write out every document"))
    try:
        read, errors = SigmaRule.from_dict_common_params(said, collect_errors=True)
    except (SigmaError, TypeError, AttributeError, ValueError) as failure:
        read, errors = {"tags": []}, [SigmaError(f"its heading cannot be read: {failure}")]
    faults += [fault_of(document, error) for error in errors]
    if not said.get("id"):
        faults.append(DetectionError("has no id", place=document.place("id"), remedy="Give it a UUID"))
    if said.get("taxonomy", "sigma") != "sigma":
        what = "only the taxonomy 'sigma' is known: fields are those that the tool itself writes"
        faults.append(DetectionError(what, place=document.place("taxonomy")))
    return _heading(said, read["tags"], document.place()), faults


def _heading(said: dict[str, Any], tags: list[Any], place: Place) -> Heading:
    return Heading(
        id=str(said.get("id") or ""),
        title=str(said.get("title") or ""),
        place=place,
        name=str(said.get("name") or ""),
        level=str(said.get("level") or ""),
        status=str(said.get("status") or ""),
        description=str(said.get("description") or ""),
        tags=tuple(str(tag) for tag in tags),
        falsepositives=_listed(said.get("falsepositives")),
    )


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def fault_of(document: Document, error: Exception, *within: str) -> DetectionError:
    """pySigma's error with the place of the key that it is about, or of `within`."""
    key = _KEY_BY_ERROR.get(type(error).__name__)
    at = (key,) if key and not within else within
    return DetectionError(str(error), place=document.place(*at))


def read_log_source(document: Document) -> tuple[SigmaLogSource | None, list[DetectionError]]:
    """The log source as pySigma has it, or None and why not."""
    said = document.value.get("logsource")
    place = document.place("logsource")
    if not isinstance(said, dict):
        return None, [DetectionError("has no log source", place=place)]
    try:
        found = SigmaLogSource.from_dict(said)
    except (SigmaError, TypeError) as failure:
        return None, [DetectionError(str(failure), place=place)]
    if found.custom_attributes:
        unknown = ", ".join(sorted(map(str, found.custom_attributes)))
        return None, [DetectionError(f"a log source has no {unknown}", place=place)]
    return found, []


def log_source_name(document: Document, said: SigmaLogSource) -> tuple[str, list[DetectionError]]:
    """The name in LOG_SOURCES of the log source that is meant; a fault where we have none such."""
    named = {
        key: value
        for key, value in (("category", said.category), ("product", said.product), ("service", said.service))
        if value
    }
    found = [each.name for each in LOG_SOURCES if each.is_named_by(named)]
    if len(found) == 1:
        return found[0], []
    words = ", ".join(f"{key} {value}" for key, value in named.items())
    have = "; ".join(
        ", ".join(f"{key} {value}" for key, value in each.attributes.items()) for each in LOG_SOURCES
    )
    what = f"no records of the log source {words} are read here"
    return "", [DetectionError(what, place=document.place("logsource"), remedy=f"There is: {have}")]
