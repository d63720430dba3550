"""The vocabulary in which every published table is declared: columns, keys, order and what must hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """The few types a published column may have; nothing that rounds is among them."""

    TEXT = "text"
    INTEGER = "integer"
    BIGINT = "bigint"
    BOOLEAN = "boolean"
    TEXTS = "texts"  # list of text, always sorted and without repeats unless the column says otherwise


class Role(StrEnum):
    """What a playbook may do with a column of `enrichment.incident_states`."""

    KEY = "key"  # names the row; never read by a rule
    FEATURE = "feature"  # readable by rules, preconditions and policy inputs
    GRADED = "graded"  # raises approval, lowers confidence; no active action may depend on it directly
    AGEING = "ageing"  # grows with the moment; may support passive actions only
    DESCRIPTIVE = "descriptive"  # for people; never read by a rule


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type and meaning. `is_location`: it says where bytes lie, not what they say."""

    name: str
    type: ColumnType
    doc: str
    is_nullable: bool = False
    allowed: tuple[str, ...] = ()
    is_location: bool = False
    role: Role = Role.DESCRIPTIVE


@dataclass(frozen=True, slots=True)
class TableContract:
    """One published table. `key` is unique and gives the total order in which rows are stored.

    It has `row_count_min` rows or more; where `once` names a table, as soon as that one has any: a history
    may hold nothing but incident records, of which nothing is read, graded or decided.

    A table with `is_location` is outside the root digest as a whole: the same bytes under other
    file names may change it, and nothing that decides reads it.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    row_count_min: int = 0
    once: str = ""
    is_location: bool = False

    @property
    def stage(self) -> str:
        """The DuckDB schema: the word of the stage that owns the table."""
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        """The name within its schema."""
        return self.name.partition(".")[2]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in stored order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def text(name: str, doc: str, **options: object) -> Column:
    """A text column."""
    return Column(name, ColumnType.TEXT, doc, **options)  # type: ignore[arg-type]


def integer(name: str, doc: str, **options: object) -> Column:
    """A 32-bit integer column."""
    return Column(name, ColumnType.INTEGER, doc, **options)  # type: ignore[arg-type]


def bigint(name: str, doc: str, **options: object) -> Column:
    """A 64-bit integer column; times are nanoseconds since 1970 in UTC."""
    return Column(name, ColumnType.BIGINT, doc, **options)  # type: ignore[arg-type]


def boolean(name: str, doc: str, **options: object) -> Column:
    """A boolean column; NULL means unknown."""
    return Column(name, ColumnType.BOOLEAN, doc, **options)  # type: ignore[arg-type]


def texts(name: str, doc: str, **options: object) -> Column:
    """A list-of-text column."""
    return Column(name, ColumnType.TEXTS, doc, **options)  # type: ignore[arg-type]
