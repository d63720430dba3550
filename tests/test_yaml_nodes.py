"""The two readers of YAML: where the fast one answers, it says what the careful one says."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml.nodes import Node

from evidence import yaml_nodes

ROOT = Path(__file__).parents[1]
SIZE_MAX = 6_000  # bytes of a file that the edits begin from
EDIT_COUNT = 4_000
PIECES = (
    *"-?:,[]{}#&*!|>'\"%@`\\~=",
    *(
        "\n",
        "\n\n",
        "  ",
        "- ",
        ": ",
        "--- ",
        "...\n",
        "|-\n",
        ">2\n",
        " #x",
        "\\n",
        "''",
        '"":',
        "a:b",
        "{a: b}:",
    ),
    *(
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "%YAML 1.1\n",
        "? ",
        "\t",
        "\r\n",
        "\ufeff",
        "é",
        "\u2028",
        "\U0001f600",
    ),
)


def told(node: Node) -> Any:
    """What is used of a node: its kind, its places, its style and what it holds."""
    start, end = node.start_mark, node.end_mark
    held = node.value
    if not isinstance(held, str):
        held = [told(part) for each in held for part in (each if isinstance(each, tuple) else (each,))]
    place = (start.index, start.line, start.column, end.index)
    return (type(node), node.style if isinstance(held, str) else None, place, held)


def files_of_ours() -> list[Path]:
    folders = ("fixtures", "playbooks", "evidence", "tests/decision", "tests/detections")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.y*ml"))


def test_our_own_files_are_read_alike_and_mostly_fast() -> None:
    """Both readers give every file the same nodes at the same places; few need the careful one."""
    texts = [path.read_text() for path in files_of_ours() if "bad_bundles" not in path.parts]
    small = [text for text in texts if len(text) < 2_000]
    fast = [(text, yaml_nodes.compose_fast(text)) for text in small]
    answered = [(text, composed) for text, composed in fast if composed]
    assert len(answered) > len(small) * 0.9
    for text, composed in answered:
        careful = yaml_nodes.compose_carefully(text)
        assert [told(node) for node in careful.nodes] == [told(node) for node in composed.nodes]


def edited(chance: random.Random, text: str) -> str:
    """A few lines of the text with one to three pieces put in, taken out or exchanged."""
    lines = text.split("\n")
    first = chance.randrange(len(lines))
    text = "\n".join(lines[first : first + chance.randint(1, 8)])
    for _ in range(chance.randint(1, 3)):
        at, width = chance.randint(0, len(text)), chance.choice((0, 0, 1, 3))
        text = text[:at] + chance.choice((*PIECES, "")) + text[at + width :]
    return text


def test_slips_of_the_pen_are_read_alike() -> None:
    """Where the fast reader answers for a damaged text, the careful one reads it, and the same in it."""
    chance = random.Random(7)
    texts = [path.read_text() for path in files_of_ours() if path.stat().st_size < SIZE_MAX]
    answered = 0
    for _ in range(EDIT_COUNT):
        text = edited(chance, chance.choice(texts))
        composed = yaml_nodes.compose_fast(text)
        if composed is None:
            continue
        answered += 1
        careful = yaml_nodes.compose_carefully(text)
        assert [told(node) for node in careful.nodes] == [told(node) for node in composed.nodes], repr(text)
    assert answered > EDIT_COUNT / 10


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\n",
        "a: *x\n",
        "a: !x 1\n",
        "a: [b\n",
        "%YAML 1.1\n---\na: b\n",
        "? a\n: b\n",
        "a:\tb\n",
        "a: b\r\n",
        "\ufeffa: b\n",
        "a: x\u2028y\n",
        "a: |#\n  b\n",
        "a: |\n   \n  b\n",
        "[[a, b]:b]\n",
        "['a'b]\n",
        "a:\nb: c\n",
        "|\n#\n",
        "a: " + "[" * 32 + "]" * 32,
    ],
)
def test_what_the_readers_part_over_is_left_to_the_careful_one(text: str) -> None:
    """Refused parts, forms of YAML 1.1 and what the two place differently are not answered fast."""
    assert yaml_nodes.compose_fast(text) is None
