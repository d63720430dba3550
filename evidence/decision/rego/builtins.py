"""Owns which of OPA's built-in functions a module may call, and why each of the others is refused.

Every built-in of OPA 1.20 stands in one of the tables below. What is allowed gave the same answers here as
in OPA wherever it was tried; docs/reference/rego.md tells what was tried, and what differed.
"""

from __future__ import annotations

# The same answer for every argument that was tried.
ALIKE = frozenset({
    "abs", "array.concat", "array.reverse", "array.slice", "bits.and", "bits.lsh", "bits.negate",
    "bits.or", "bits.rsh", "bits.xor", "ceil", "contains", "count", "endswith", "floor",
    "intersection", "is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set",
    "is_string", "max", "min", "object.filter", "object.get", "object.keys", "object.remove",
    "object.subset", "product", "round", "sort", "split", "startswith", "strings.any_prefix_match",
    "strings.any_suffix_match", "substring", "sum", "trim", "trim_left", "trim_prefix",
    "trim_right", "trim_suffix", "type_name", "union",
})  # fmt: skip
# The same answer where the call is written so that its faults cannot show: `calls` looks at it.
LOOKED_AT = frozenset({"concat", "indexof", "replace", "sprintf"})
# The same answer for ASCII text alone.
ASCII_ALONE = frozenset({"lower", "upper"})
# Operators and what the compiler writes: a module does not call them by name.
OPERATORS = frozenset({
    "and", "assign", "div", "eq", "equal", "gt", "gte", "internal.member_2", "internal.member_3",
    "internal.print", "internal.template_string", "internal.test_case", "lt", "lte", "minus", "mul", "neq",
    "or", "plus", "rem", "set_diff",
})  # fmt: skip

OUTSIDE = "reaches outside its input"
RANDOM = "is random"
CLOCK = "reads the clock or is undefined in some implementations, where its rule would never fire"
UNTRIED = "is not known to give the same answer here as in OPA"
UNKNOWN = "is not in the list of allowed built-ins"
_OLD = "is deprecated: OPA 1 refuses it"
# By name, or by the part of the name before its last dot, or before its first.
REFUSED = {
    "http": OUTSIDE, "net.lookup_ip_addr": OUTSIDE, "opa": OUTSIDE, "providers": OUTSIDE, "print": OUTSIDE,
    "trace": OUTSIDE, "rand": RANDOM, "uuid": RANDOM, "time": CLOCK,
    "all": _OLD, "any": _OLD, "re_match": _OLD, "net.cidr_overlap": _OLD,
    "cast_array": _OLD, "cast_boolean": _OLD, "cast_null": _OLD, "cast_object": _OLD, "cast_set": _OLD,
    "cast_string": _OLD,
    "regex": "differs between implementations and can take exponential time",
    "glob": "differs between implementations",
    "io": "differs between implementations",
    "crypto": "differs between implementations",
    "net": "reaches outside its input or fails here on what OPA answers",
    "array.flatten": UNTRIED,
    "base64": UNTRIED, "base64url": UNTRIED, "graph": UNTRIED, "graphql": UNTRIED, "indexof_n": UNTRIED,
    "json.is_valid": UNTRIED, "json.match_schema": UNTRIED, "json.patch": UNTRIED, "json.remove": UNTRIED,
    "json.verify_schema": UNTRIED, "rego": UNTRIED, "uri": UNTRIED, "yaml": UNTRIED,
    "strings.render_template": UNTRIED, "strings.split_n": UNTRIED,
    "format_int": "differs from OPA's: -255 in base 2 is \"01\" here",
    "hex": "differs from OPA's for text that is not ASCII",
    "json.filter": "differs from OPA's where a path begins with a slash",
    "json.marshal": "differs from OPA's: nested objects fail here, and < > & are not escaped",
    "json.marshal_with_options": "differs from OPA's: nested objects fail here, and < > & are not escaped",
    "json.unmarshal": "differs from OPA's for numbers with an exponent",
    "numbers": "makes as many numbers as it is told, without a bound",
    "object.union": "differs from OPA's: inner objects are replaced here, not merged",
    "object.union_n": "differs from OPA's: inner objects are replaced here, not merged",
    "semver": "differs from OPA's: a pre-release counts as newer than its release here",
    "strings.count": "differs between implementations where nothing is sought",
    "strings.replace_n": "differs from OPA's: what was replaced is replaced again here",
    "strings.reverse": UNTRIED,
    "trim_space": "differs from OPA's: a newline stays here, and so does a space that is not ASCII",
    "to_number": "differs from OPA's: it reads ' 1' and '0x10' as numbers here",
    "units": UNTRIED,
    "urlquery": "differs from OPA's: a space is written %20 here, + there",
    "walk": "goes through an object in another order than OPA",
}  # fmt: skip

ALLOWED = ALIKE | LOOKED_AT | ASCII_ALONE
_OF_ONE = frozenset({
    "abs", "array.reverse", "bits.negate", "ceil", "count", "floor", "intersection", "is_array",
    "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "lower", "max", "min",
    "object.keys", "product", "round", "sort", "sum", "type_name", "union", "upper",
})  # fmt: skip
_OF_THREE = frozenset({"array.slice", "object.get", "replace", "substring"})
# How many arguments each takes.
ARGUMENT_COUNTS = {name: 1 if name in _OF_ONE else 3 if name in _OF_THREE else 2 for name in sorted(ALLOWED)}
# A rule of such a name hides what OPA, or what stands behind an operator, knows by it.
NO_RULE_NAMES = frozenset(name for name in ALLOWED | OPERATORS | REFUSED.keys() if "." not in name) - {
    "base64", "base64url", "crypto", "glob", "graph", "graphql", "hex", "http", "io", "net", "numbers", "opa",
    "providers", "rand", "regex", "rego", "semver", "time", "units", "uri", "urlquery", "uuid", "yaml",
}  # fmt: skip


def why_refused(name: str) -> str | None:
    """What is wrong with a call of the built-in; None where it is allowed."""
    if name in ALLOWED:
        return None
    for known in (name, name.rpartition(".")[0], name.partition(".")[0]):
        if known in REFUSED:
            return REFUSED[known]
    return UNKNOWN
