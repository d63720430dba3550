"""Owns how the parts of a page that are written by a test are found: between a begin and an end mark."""

from __future__ import annotations

import re


def with_section(text: str, name: str, lines: list[str]) -> str:
    """The page with the lines as its section of that name."""
    begin = f"<!-- Written by `make golden`: {name}. Do not edit down to the end mark. -->\n"
    between = re.compile(f"(?<={re.escape(begin)}).*?(?=<!-- end of {re.escape(name)} -->)", re.DOTALL)
    assert between.search(text), name
    return between.sub(lambda _: "\n".join(["", *lines, "", ""]), text)
