"""Owns the loading of Sigma files: every rule compiled, every fault of the folder told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sigma.rule import SigmaLogSource

from evidence.detections.conditions import read_detection
from evidence.detections.correlation_rules import Draft, read_correlation, resolve_correlations
from evidence.detections.headings import log_source_name, read_heading, read_log_source
from evidence.detections.patterns import Placeholders
from evidence.detections.rule_folders import rule_files
from evidence.detections.rules import Heading, Rule, RuleSet, RuleWarning
from evidence.detections.terms import AllOf, Expression
from evidence.errors import DetectionError, EvidenceError, Place, RefusedDetections
from evidence.strict_yaml import Document, load_yaml, survey_all_yaml


@dataclass(frozen=True)
class _Filter:
    document: Document
    heading: Heading
    log_source: SigmaLogSource
    references: tuple[str, ...] | None  # None: every rule of the log source
    condition: Expression


@dataclass(frozen=True)
class _Found:
    """A rule beside its log source as written, by which filters choose."""

    rule: Rule
    log_source: SigmaLogSource


def load_rules(path: Path, values: Path | None = None) -> RuleSet:
    """The detections in a file, or in every `*.yml` below a folder.

    `values` is a YAML file that maps the name of each placeholder to its texts. Raises RefusedDetections,
    which holds every fault with file, line and field.
    """
    faults: list[EvidenceError] = []
    placeholders = _placeholders(values, faults)
    loader = _Loader(placeholders, faults)
    for document in _documents(path, faults):
        loader.read(document)
    loader.refuse_repeated()
    rules, correlations, more = resolve_correlations(loader.filtered(), loader.drafts)
    faults += more
    if faults:
        raise RefusedDetections(sorted(faults, key=_by_place))
    warnings = sorted(loader.warnings, key=lambda each: (str(each.place.path), each.place.line, each.what))
    by_id = sorted(rules, key=lambda rule: rule.heading.id)
    return RuleSet(tuple(by_id), tuple(correlations), tuple(warnings))


def _by_place(fault: EvidenceError) -> tuple[str, int, int, str]:
    place = fault.place or Place(Path())
    return str(place.path), place.line, place.column, fault.what


def _documents(path: Path, faults: list[EvidenceError]) -> Iterator[Document]:
    """File by file, so that few are held: there may be thousands."""
    is_empty = True
    for file in rule_files(path):
        documents, wrong = survey_all_yaml(file, error=DetectionError)
        faults += wrong
        is_empty = is_empty and not documents and not wrong
        # Where a part of the YAML is refused, what is left would be refused for what it lacks.
        yield from () if wrong else documents
    if is_empty:
        faults.append(DetectionError("holds no Sigma rule", place=Place(path), remedy="Rules are *.yml"))


def _placeholders(values: Path | None, faults: list[EvidenceError]) -> Placeholders:
    if values is None:
        return None
    try:
        document = load_yaml(values, error=DetectionError)
    except EvidenceError as fault:
        faults.append(fault)
        return {}
    said = document.value if isinstance(document.value, dict) else {"": None}
    for name, texts in said.items():
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            what = "must map the name of a placeholder to a list of texts"
            faults.append(DetectionError(what, place=document.place(name)))
    return {name: tuple(texts) for name, texts in said.items() if isinstance(texts, list)}


class _Loader:
    """Sorts documents into rules, correlations and filters."""

    def __init__(self, placeholders: Placeholders, faults: list[EvidenceError]) -> None:
        self.placeholders = placeholders
        self.faults = faults
        self.headings: list[Heading] = []
        self.found: list[_Found] = []
        self.drafts: list[Draft] = []
        self.filters: list[_Filter] = []
        self.warnings: list[RuleWarning] = []

    def read(self, document: Document) -> None:
        """One document of a file."""
        if not isinstance(document.value, dict):
            self.faults.append(DetectionError("must be a mapping", place=document.place()))
            return
        heading, faults = read_heading(document)
        self.faults += faults
        self.headings.append(heading)
        if "correlation" in document.value:
            draft, faults = read_correlation(document, heading)
            self.faults += faults
            self.drafts += [draft] if draft else []
        elif "filter" in document.value:
            self._filter(document, heading)
        else:
            self._rule(document, heading)

    def _rule(self, document: Document, heading: Heading) -> None:
        said, faults = read_log_source(document)
        name, unknown = log_source_name(document, said) if said else ("", [])
        read = read_detection(document, "detection", self.placeholders)
        self.faults += [*faults, *unknown, *read.faults]
        self.warnings += read.warnings
        if said and name and read.condition:
            self.found.append(_Found(Rule(heading, name, read.condition), said))

    def _filter(self, document: Document, heading: Heading) -> None:
        said, faults = read_log_source(document)
        read = read_detection(document, "filter", self.placeholders, ignored=["rules"])
        self.faults += [*faults, *read.faults]
        self.warnings += read.warnings
        holder = document.value["filter"]
        rules = holder.get("rules") if isinstance(holder, dict) else None
        named = [rules] if isinstance(rules, str) else rules
        if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
            what = "must say which rules it filters"
            remedy = "Write rules: any, or a list of ids or names"
            self.faults.append(DetectionError(what, place=document.place("filter", "rules"), remedy=remedy))
        elif said and read.condition:
            references = None if rules == "any" else tuple(named)
            self.filters.append(_Filter(document, heading, said, references, read.condition))

    def filtered(self) -> list[Rule]:
        """Every rule, and the filters that are meant for it."""
        rules = [_joined(found, self.filters) for found in self.found]
        for each in self.filters:
            self.faults += _stray_references(each, self.found)
        return rules

    def refuse_repeated(self) -> None:
        """Ids, names and titles must be unique: a hit is known by them."""
        for key, of in (("id", _id), ("title", _title), ("name", _name)):
            self.faults += _repeated(key, of, self.headings)


def _id(heading: Heading) -> str:
    return heading.id


def _title(heading: Heading) -> str:
    return heading.title


def _name(heading: Heading) -> str:
    return heading.name


def _repeated(key: str, of: Callable[[Heading], str], headings: Sequence[Heading]) -> Iterable[EvidenceError]:
    first: dict[str, Heading] = {}
    for heading in headings:
        value = of(heading)
        before = first.setdefault(value.lower(), heading) if value else heading
        if before is not heading:
            place = replace(heading.place, field=key)
            yield DetectionError(f"the {key} {value!r} is also that of {before.place}", place=place)


def _joined(found: _Found, filters: Iterable[_Filter]) -> Rule:
    meant = [one.condition for one in filters if _is_meant(one, found)]
    if not meant:
        return found.rule
    return replace(found.rule, condition=AllOf((found.rule.condition, *meant)))


def _is_meant(one: _Filter, found: _Found) -> bool:
    is_named = one.references is None or bool(_names(found) & set(one.references))
    return is_named and found.log_source in one.log_source


def _names(found: _Found) -> set[str]:
    return {found.rule.heading.id, found.rule.heading.name} - {""}


def _stray_references(one: _Filter, rules: Sequence[_Found]) -> Iterable[DetectionError]:
    """References that would filter nothing: to no rule, or to one of another log source."""
    for reference in one.references or ():
        named = [found for found in rules if reference in _names(found)]
        place = one.document.place("filter", "rules")
        if not named:
            yield DetectionError(f"there is no rule '{reference}' to filter", place=place)
        elif not _is_meant(one, named[0]):
            yield DetectionError(f"the rule '{reference}' is of another log source", place=place)
