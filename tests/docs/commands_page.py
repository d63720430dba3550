"""Writes docs/reference/commands.md: every command and option of `evidence`, from the command line itself."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any

import typer.main

from pipelines.cli.exit_codes import EXIT_CODES

NOTE = "<!-- Written by `make golden` from `pipelines/cli`; do not edit. -->\n"


def commands_page(app: typer.Typer) -> str:
    """The page: the program's own help, then a section for each command."""
    group: Any = typer.main.get_command(app)
    parts = [NOTE, "# Commands\n", _text(group.help) + "\n"]
    parts.append("`evidence` lies in `.venv/bin/` after `make run`. Paths are below the current folder.\n")
    parts.append("## Exit codes\n\nThe same for every command:\n")
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    parts.append(f"| code | meaning |\n|---|---|\n{codes}\n")
    for name in sorted(group.commands):
        parts.append(_section(name, group.commands[name]))
    return "\n".join(parts)


def _section(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
    usage = " ".join(
        ["evidence", name, *(_usage(each) for each in arguments), *(["[options]"] if options else [])]
    )
    lines = [f"## evidence {name}\n", f"```console\n{usage}\n```\n", _text(command.help) + "\n"]
    if arguments or options:
        lines += ["| | default | meaning |", "|---|---|---|"]
        lines += [_row(each) for each in (*arguments, *options)]
        lines.append("")
    if command.epilog:
        lines.append(_text(command.epilog).replace("Example: ", "Example:\n\n```console\n") + "\n```\n")
    return "\n".join(lines)


def _usage(argument: Any) -> str:
    name = (argument.metavar or argument.name).strip("[]").upper()
    return name if argument.required else f"[{name}]"


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [_usage(parameter)]
    # A default that is worked out when the command runs is told in words.
    stands = None if callable(parameter.default) else parameter.default
    told = stands if stands is not None else getattr(parameter, "show_default", None)
    default = f"`{told}`" if stands is not None or isinstance(told, str) else ""
    values = type(stands) if isinstance(stands, Enum) else ()
    choices = " or ".join(f"`{each.value}`" for each in values)
    variable = f" (`{parameter.envvar}`)" if getattr(parameter, "envvar", None) else ""
    meaning = f"{_text(parameter.help)} {choices}".strip() + ("." if choices else "") + variable
    cells = [", ".join(f"`{name}`" for name in names), default, meaning]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _text(words: str | None) -> str:
    return inspect.cleandoc((words or "").replace("\b", "")).strip()
