"""Loads a folder of Rego modules and data as OPA loads a bundle; refuses what is not evaluated as by OPA.

Tests (`*_test.rego`) are left out. A `data.json` or `data.yaml` stands below `data` where its folder is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence.bounded_reading import read_bounded
from evidence.decision.rego.arguments import function_sizes, wrong_calls
from evidence.decision.rego.circles import recursions
from evidence.decision.rego.interpreter import prepared
from evidence.decision.rego.kinds import Named, clashes, package_clashes
from evidence.decision.rego.rules import read_rego
from evidence.decision.rego.source import package_of, placed, unlike_opa
from evidence.decision.rego.text import without_strings
from evidence.errors import InputError, Place, PlaybookError
from evidence.json_strict import JsonRefused, parse_exact
from evidence.strict_yaml import load_yaml
from simulator.policies.alikeness import plain, why_unlike

MODULES_MAX = 1000
_PACKAGE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_IMPORT = re.compile(r"^import[ \t]+(\S+)(?:[ \t]+as[ \t]+(\w+))?[ \t]*$", re.MULTILINE)
_HEAD = re.compile(r"^(?:default[ \t]+)?([A-Za-z_]\w*)", re.MULTILINE)
_NO_RULES = frozenset({"package", "import", "else", "default", "some", "not", "every", "true", "false"})


@dataclass(frozen=True)
class Module:
    """One module; `name` is its path below the folder."""

    name: str
    path: Path
    source: str

    @cached_property
    def code(self) -> str:
        """The source without strings and comments."""
        return without_strings(self.source)

    @property
    def package(self) -> tuple[str, ...]:
        """The steps of the package's path."""
        return tuple((package_of(self.code) or "").split("."))

    @cached_property
    def rules(self) -> frozenset[str]:
        """Names at the beginning of a line, which are those of rules."""
        return frozenset(_HEAD.findall(self.code)) - _NO_RULES

    @property
    def sha256(self) -> str:
        """Of the source."""
        return hashlib.sha256(self.source.encode()).hexdigest()


@dataclass(frozen=True)
class ModuleSet:
    """Modules by name, and what is below `data` beside them."""

    folder: Path
    modules: tuple[Module, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    data_files: tuple[str, ...] = ()

    @cached_property
    def folds_case(self) -> bool:
        """Whether a module calls lower or upper, which know ASCII letters alone."""
        return any(re.search(r"(?<![\w.])(?:lower|upper)\s*\(", module.code) for module in self.modules)

    def has(self, path: str) -> bool:
        """Whether a package or a rule is at the path, or below it."""
        steps = tuple(path.split("/"))
        return any(_leads(steps, module) for module in self.modules)

    def fault(self, said: str) -> PlaybookError:
        """What the interpreter says of a module as an error with its place."""
        found = re.search(r"\(error \d+:([^|)]+)\|(\d+)\|\d+\s*\(errormsg \d+:([^)]*)\)", said)
        module = next((each for each in self.modules if found and each.name == found.group(1)), None)
        if found is None or module is None:
            return PlaybookError("these modules cannot be compiled together", place=Place(self.folder))
        before = prepared(module.source).encode()[: int(found.group(2))].decode(errors="ignore")
        return PlaybookError(
            f"is not Rego that can be evaluated here: {found.group(3).strip()}",
            place=Place(module.path, before.count("\n") + 1),
        )


def _leads(steps: tuple[str, ...], module: Module) -> bool:
    package = module.package
    if len(steps) <= len(package):
        return package[: len(steps)] == steps
    return steps[: len(package)] == package and steps[len(package)] in module.rules


def load_modules(folder: Path) -> ModuleSet:
    """The modules in and below the folder. Raises InputError or PlaybookError with file, line and column."""
    paths = sorted(path for path in folder.rglob("*.rego") if path.is_file())
    paths = [path for path in paths if not path.name.endswith("_test.rego")]
    if not paths:
        raise InputError("holds no Rego module", place=Place(folder), remedy="Name a folder of .rego files")
    if len(paths) > MODULES_MAX:
        raise InputError(f"holds {len(paths)} modules, more than {MODULES_MAX}", place=Place(folder))
    modules = tuple(_module(path, folder) for path in paths)
    for module in modules:
        others = [each.rules for each in modules if each.package == module.package and each is not module]
        for fault in module_faults(module, frozenset().union(*others)):
            raise fault
    for fault in _clashes(modules):
        raise fault
    data, files = _data(folder)
    if clash := sorted(".".join(each.package) for each in modules if _is_in(data, each.package)):
        raise InputError(f"data and a package are at one path: data.{clash[0]}", place=Place(folder))
    return ModuleSet(folder, modules, data, files)


def _clashes(modules: Sequence[Module]) -> Iterator[PlaybookError]:
    """Rules and calls that do not go with those of other modules, by place."""
    named = [Named(module.name, module.source, read_rego(module.source)) for module in modules]
    found = list(package_clashes(named))
    sizes = function_sizes([each.source for each in named])
    found += [(each, *fault) for each in named for fault in wrong_calls(each.source, sizes)]
    for package in sorted({each.source.package for each in named}):
        found += clashes([each for each in named if each.source.package == package])
    found += recursions(named)
    paths = {module.name: module.path for module in modules}
    for at, offset, what in found:
        yield from placed(((offset, what),), at.text, paths[at.name])


def _module(path: Path, folder: Path) -> Module:
    try:
        text = read_bounded(path, PlaybookError).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as failure:
        raise PlaybookError(f"is not UTF-8 (byte {failure.start})", place=Place(path)) from failure
    return Module(path.relative_to(folder).as_posix(), path, text)


def module_faults(module: Module, rules: frozenset[str] = frozenset()) -> Iterator[PlaybookError]:
    """Why the module is not evaluated here as by OPA, by place; `rules`: its package's others."""
    package = package_of(module.code)
    if package is None or not _PACKAGE.match(package):
        what = "states no package" if package is None else f"the package {package} is not names with dots"
        yield PlaybookError(what, place=Place(module.path, 1))
    faults = tuple(unlike_opa(module.source, module.code, _own_names(module, rules), rules))
    yield from placed(faults, module.source, module.path)


def _own_names(module: Module, rules: frozenset[str]) -> Any:
    """Says of a name whether it leads into the modules: to another rule, below data, or to an import."""
    imports = _IMPORT.findall(module.code)
    heads = {alias or path.rpartition(".")[2] for path, alias in imports if path.startswith("data.")}

    def is_own(name: str) -> bool:
        return name in rules or name.partition(".")[0] in {"data", *heads}

    return is_own


def _data(folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    data: dict[str, Any] = {}
    names = ("data.json", "data.yaml", "data.yml")
    paths = sorted(path for path in folder.rglob("data.*") if path.name in names)
    for path in paths:
        value = _document(path)
        if why := why_unlike(value):
            raise InputError(f"holds what is evaluated otherwise here than by OPA: {why}", place=Place(path))
        value = plain(value)
        for step in reversed(path.relative_to(folder).parent.parts):
            value = {step: value}
        _merge(data, value, path)
    return data, tuple(path.relative_to(folder).as_posix() for path in paths)


def _document(path: Path) -> Any:
    if path.suffix != ".json":
        value = load_yaml(path).value
    else:
        try:
            value = parse_exact(read_bounded(path, InputError))
        except JsonRefused as refused:
            raise InputError(f"is not strict JSON: {refused.detail}", place=Place(path)) from refused
    if not isinstance(value, dict):
        raise InputError("is no object: below data there are only names", place=Place(path))
    return value


def _merge(into: dict[str, Any], new: Mapping[str, Any], path: Path) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, path)
        elif key in into:
            raise InputError(f"{key} is said by another file of data, too", place=Place(path))
        else:
            into[key] = value


def _is_in(data: Mapping[str, Any], package: tuple[str, ...]) -> bool:
    here: Any = data
    for step in package:
        if not isinstance(here, Mapping) or step not in here:
            return False
        here = here[step]
    return True
