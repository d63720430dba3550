"""Owns the blocks that a report consists of, whatever format it is written in."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.report.model import Incident, Stack, Strip


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence, or a figure and what it is worth; foreign text stands between “ and ”."""

    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Incidents, each with its link, and how many more there are."""

    incidents: tuple[Incident, ...]
    more_count: int = 0
    is_counted: bool = False

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.incidents) + self.more_count


@dataclass(frozen=True, slots=True)
class Linked:
    """The links of one incident."""

    incident: Incident


Cell = Text | Named | Linked


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One sentence or a few; a note is of less weight."""

    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences, one below the other."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a head; the first cell of a row names it. A group row has one cell.

    With words in `folded` screens show these words, and the table when they are asked.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts that stand beside one another where there is room, and how they are read."""

    charts: tuple[Strip | Stack, ...]
    note: str = ""


Block = Paragraph | Bullets | Table | Charts


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report that a reader jumps to."""

    name: str
    title: str
    blocks: tuple[Block, ...]
