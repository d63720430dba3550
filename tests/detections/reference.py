"""A second, plain reading of Sigma: pySigma's parsed conditions over `json.loads`-ed records, value by value.

Written from the specification and from docs/reference/sigma.md, sharing no code with the engine. Slow and
obvious on purpose.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from fractions import Fraction

from sigma import conditions as c
from sigma import types as t
from sigma.collection import SigmaCollection

MISSING = object()
COMPARE = {
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
}


def parse(yaml_text):
    """Rules by title, each a list of alternative condition trees."""
    rules = SigmaCollection.from_yaml(yaml_text).rules
    return {rule.title: [one.parsed for one in rule.detection.parsed_condition] for rule in rules}


def is_match(trees, raw):
    record = json.loads(raw)
    return any(holds(tree, record) for tree in trees)


def holds(tree, record):
    if isinstance(tree, c.ConditionNOT):
        return not holds(tree.args[0], record)
    if isinstance(tree, c.ConditionAND):
        return all(holds(arg, record) for arg in tree.args)
    if isinstance(tree, c.ConditionOR):
        return any(holds(arg, record) for arg in tree.args)
    if isinstance(tree, c.ConditionValueExpression):
        return keyword(tree.value, [value for value, _ in leaves(record)])
    return field_holds(tree.field, tree.value, record)


def leaves(value, name=""):
    """Every scalar with its dotted name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, name + "." + key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield value, name[1:]


def found(field, record):
    """All that stands under a field: scalars, and MISSING for each object or empty list."""
    result = []

    def look(value, name):
        if isinstance(value, list):
            for inner in value:
                look(inner, name)
            if not value and name[1:] == field and name:
                result.append(MISSING)
            return
        if name and name[1:] == field:
            result.append(MISSING if isinstance(value, dict) else value)
        if isinstance(value, dict):
            for key, inner in value.items():
                look(inner, name + "." + key)

    look(record, "")
    return result


def field_holds(field, value, record):
    values = found(field, record)
    if isinstance(value, t.SigmaNull):
        return not values or None in values
    if isinstance(value, t.SigmaExists):
        return bool(values) == value.exists
    scalars = [one for one in values if one is not None and one is not MISSING]
    if isinstance(value, t.SigmaFieldReference):
        others = [one for one in found(value.field, record) if one is not None and one is not MISSING]
        return any(related(value, folded(text(a)), folded(text(b))) for a in scalars for b in others)
    return any(passes(value, one) for one in scalars)


def related(reference, mine, other):
    if reference.starts_with and reference.ends_with:
        return other in mine
    if reference.starts_with:
        return mine[: len(other)] == other
    if reference.ends_with:
        return mine[len(mine) - len(other) :] == other and len(mine) >= len(other)
    return mine == other


def keyword(value, values):
    scalars = [one for one in values if one is not None]
    if isinstance(value, t.SigmaString):
        around = [t.SpecialChars.WILDCARD_MULTI]
        return any(like([*around, *value.s, *around], text(one), is_cased(value)) for one in scalars)
    if isinstance(value, t.SigmaNumber):
        return any(str(value.number) in text(one) for one in scalars)
    return any(passes(value, one) for one in scalars)


def is_cased(value):
    return isinstance(value, t.SigmaCasedString)


def passes(value, one):
    if isinstance(value, t.SigmaExpansion):
        return any(passes(inner, one) for inner in value.values)
    if isinstance(value, t.SigmaString):
        return like(value.s, text(one), is_cased(value))
    if isinstance(value, t.SigmaBool):
        return folded(text(one)) == ("true" if value.boolean else "false")
    if isinstance(value, t.SigmaRegularExpression):
        flags = {"IGNORECASE": re.I, "MULTILINE": re.M, "DOTALL": re.S}
        together = sum((flags[flag.name] for flag in value.flags), start=re.RegexFlag(0))
        return re.search(str(value.regexp), text(one), together) is not None
    if isinstance(value, t.SigmaCIDRExpression):
        return in_network(one, value.network)
    if isinstance(value, t.SigmaCompareExpression):
        return compares(value.number, one, COMPARE[value.op.name])
    return compares(value, one, lambda a, b: a == b)


def compares(wanted, one, compare):
    if isinstance(wanted, t.SigmaTimestampPart):
        shown = time_part(wanted.timestamp_part.name, one)
    else:
        shown = number(one)
    return shown is not None and compare(shown, wanted.number)


def time_part(part, one):
    if not isinstance(one, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", one):
        return None
    at = datetime.datetime.fromisoformat(one).astimezone(datetime.UTC)
    return at.isocalendar().week if part == "WEEK" else getattr(at, part.lower())


def number(one):
    if isinstance(one, bool):
        return None
    if isinstance(one, str):
        return Fraction(one) if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", one, re.A) else None
    return Fraction(one)


def in_network(one, network):
    try:
        return isinstance(one, str) and ipaddress.ip_address(one) in network
    except ValueError:
        return False


def text(one):
    if isinstance(one, bool):
        return "true" if one else "false"
    return one if isinstance(one, str) else repr(one)


def folded(characters):
    """Simple case folding: what folds to one character, and lower case where folding gives several."""
    result = ""
    for one in characters:
        choices = [other for other in (one.casefold(), one.lower(), one) if len(other) == 1]
        result += choices[0]
    return result


def like(parts, subject, cased):
    """Whether a text with wildcards is the whole subject, by looking at every way to divide it."""
    pattern = []
    for part in parts:
        pattern += list(part if cased else folded(part)) if isinstance(part, str) else [part]
    subject = subject if cased else folded(subject)
    reached = {0}
    for one in pattern:
        if one is t.SpecialChars.WILDCARD_MULTI:
            reached = set(range(min(reached), len(subject) + 1)) if reached else set()
        else:
            reached = {
                at + 1
                for at in reached
                if at < len(subject) and (one is t.SpecialChars.WILDCARD_SINGLE or subject[at] == one)
            }
    return len(subject) in reached
