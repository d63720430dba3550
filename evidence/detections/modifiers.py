"""Owns the modifiers: which are honoured, what each means here, and which must not meet in one item."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

HONOURED: Mapping[str, str] = {
    "all": "every value of the list must be found, each in any value of the field",
    "base64": "the text's UTF-8 bytes in Base64; compared as text, without case unless `cased` is last",
    "base64offset": "the three forms that its Base64 takes within longer bytes; write `contains` behind it",
    "cased": "upper and lower case differ; must stand last",
    "cidr": "the value is an IPv4 or IPv6 address of the network; text around an address is no address",
    "contains": "the text is found anywhere within a value",
    "day": "day of the month of a time in RFC 3339, in UTC",
    "dotall": "as `s`",
    "endswith": "a value ends with the text",
    "exists": "true: the field is there, be it empty, null, an object or a list; false: the opposite",
    "expand": "`%name%` stands for each text of that name in the values file, which may hold wildcards",
    "fieldref": "a value equals a value of the field named, without case; with `startswith`, `endswith` or "
    "`contains` behind it the value does that to the other's",
    "gt": "a number greater than; a string that is written like a JSON number counts as one",
    "gte": "a number greater or equal",
    "hour": "hour of a time in RFC 3339, in UTC; `gt` and the like may stand behind it, as behind "
    "every part of a time",
    "i": "the regular expression ignores case",
    "ignorecase": "as `i`",
    "lt": "a number less than",
    "lte": "a number less or equal",
    "m": "in the regular expression `^` and `$` match at line ends, too",
    "minute": "minute of a time in RFC 3339",
    "month": "month of a time in RFC 3339, in UTC",
    "multiline": "as `m`",
    "neq": "the opposite of the item without it: also true where the field is absent",
    "re": "an RE2 pattern is found in a value; it is not anchored, and regards case",
    "s": "in the regular expression `.` matches line ends, too",
    "startswith": "a value begins with the text",
    "utf16": "the text as UTF-16LE behind a byte order mark, before a Base64 modifier",
    "utf16be": "the text as UTF-16BE, before a Base64 modifier",
    "week": "ISO week of a time in RFC 3339, in UTC",
    "wide": "the text as UTF-16LE, before a Base64 modifier",
    "windash": "a dash or slash that begins an option may be `-`, `/`, an en dash, em dash or horizontal bar",
    "year": "year of a time in RFC 3339, in UTC",
}
REFUSED: Mapping[str, str] = {}
"""Modifiers that pySigma has and that have no exact meaning here, each with the reason: none at present."""

INSTEAD: Mapping[str, str] = {"utf16le": "Write wide, which is the same"}
"""Modifiers of the specification that pySigma does not know."""


@dataclass(frozen=True)
class Clash:
    """Modifiers that together would mean something else than they say."""

    modifiers: frozenset[str]
    what: str
    remedy: str

    def meets(self, modifiers: Collection[str]) -> bool:
        """Whether all of them stand in one item."""
        return self.modifiers <= set(modifiers)


CLASHES = (
    Clash(
        frozenset({"re", "startswith"}), "a regular expression is not anchored", "Write ^ at its beginning"
    ),
    Clash(frozenset({"re", "endswith"}), "a regular expression is not anchored", "Write $ at its end"),
    Clash(frozenset({"fieldref", "cased"}), "fields are compared without case", "Leave cased out"),
    Clash(
        frozenset({"startswith", "endswith"}),
        "a text that is both the beginning and the end",
        "Write two items, or contains",
    ),
    *(
        Clash(
            frozenset({"expand", encoding}),
            f"'{encoding}' would encode the placeholder's name, not its values",
            "Write the encoded texts into the values file",
        )
        for encoding in ("base64", "base64offset", "wide", "utf16", "utf16be", "windash", "fieldref")
    ),
)


def clash_of(modifiers: Collection[str]) -> Clash | None:
    """The first clash among an item's modifiers."""
    return next((clash for clash in CLASHES if clash.meets(modifiers)), None)
