"""The command that takes in exports: ingest. What was recognised, refused and formed, as text or JSON."""

from __future__ import annotations

import contextlib
import errno
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.ingest.report import FormatCount, IngestReport, RecordsReport, Refusal
    from evidence.intake.catalogue import Catalogue
    from evidence.settings import Settings

REFUSALS_SHOWN_MAX = 20
EMPTY_SHOWN_MAX = 20
ENTITIES_SHOWN_MAX = 3
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
GAP_DEFAULT = "30m"
_GAP_DAYS_MAX = 366


def print_ingested(
    named: Sequence[str],
    into: Path,
    gap: str | None,
    manifest: Path | None,
    mapping: Path | None,
    is_dry_run: bool,
    output_format: str,
) -> None:
    """Take in exports, or with a mapping tables of incidents. Raises InputError for a wrong call."""
    with _no_traceback():
        _refuse_no_name(named)
        paths = [Path(name) for name in named]
        if mapping is None:
            print_ingest(paths, into, gap, manifest, is_dry_run, output_format)
        else:
            _refuse_options_of_exports(gap, manifest)
            print_records(paths, into, mapping, is_dry_run, output_format)


@contextlib.contextmanager
def _no_traceback() -> Iterator[None]:
    """What the system refuses (no right to write, a full disk, a file gone meanwhile) is told in one line."""
    from evidence.errors import InputError, Place
    from evidence.export_files import path_text

    try:
        yield
    except OSError as error:
        place = Place(Path(path_text(error.filename))) if error.filename else None
        code = errno.errorcode.get(error.errno or 0, "EIO")
        raise InputError(f"{error.strerror or error} ({code})", place=place) from error


def print_ingest(
    paths: Sequence[Path],
    into: Path,
    gap: str | None,
    manifest: Path | None,
    is_dry_run: bool,
    output_format: str,
) -> None:
    """Take the exports in and print the account. Raises InputError for a wrong path, duration or manifest."""
    from evidence.ingest.manifest import Manifest
    from evidence.ingest.pipeline import Request, read_and_group, refusals
    from evidence.ingest.writing import write
    from evidence.starter_files import write_starters

    _refuse_no_folder(into)
    catalogue = _catalogue(into)
    request = Request(
        paths=tuple(paths),
        into=into,
        settings=_settings(into),
        services=catalogue.services,
        dependencies=catalogue.dependencies,
        gap_seconds=gap_seconds(gap or GAP_DEFAULT),
        manifest=Manifest(manifest) if manifest else None,
        is_dry_run=is_dry_run,
    )
    progress = _Progress()
    with tempfile.TemporaryDirectory(prefix="evidence-ingest-") as scratch:
        ingest = read_and_group(request, Path(scratch), progress)
        progress.end()
        try:
            report = ingest.report if is_dry_run else write(ingest)
            assert report is not None  # read_and_group has made it
            starters = [] if is_dry_run else write_starters(into)
            if output_format == "json":
                sys.stdout.writelines(_json_with(report, refusals(ingest)))
            else:
                sys.stdout.write(_text(report) + _starters_text(starters))
        finally:
            ingest.index.close()


def print_records(
    paths: Sequence[Path], into: Path, mapping: Path, is_dry_run: bool, output_format: str
) -> None:
    """Take in tables of incidents and print what they held. Raises InputError for a wrong file or mapping."""
    from evidence.ingest.recorded import load_mapping, take_in
    from evidence.starter_files import write_starters

    _refuse_no_folder(into)
    report = take_in(paths, load_mapping(mapping), into, is_dry_run=is_dry_run)
    starters = [] if is_dry_run else write_starters(into)
    text = _json(report) if output_format == "json" else _records_text(report) + _starters_text(starters)
    sys.stdout.write(text)


def _refuse_options_of_exports(gap: str | None, manifest: Path | None) -> None:
    """Raises InputError for an option that means nothing beside --mapping, rather than pass over it."""
    from evidence.errors import InputError

    named = [name for name, value in (("--gap", gap), ("--manifest", manifest)) if value is not None]
    if named:
        raise InputError(
            f"{' and '.join(named)} with --mapping: a row of a table is an incident, nothing is grouped",
            remedy="Leave it out, or ingest exports in a call of their own",
        )


def _refuse_no_name(names: Sequence[str]) -> None:
    """Raises InputError for an empty name, which the system would take for the current folder."""
    from evidence.errors import InputError

    if not all(names):
        raise InputError(
            "a path is empty", remedy="Name files or folders of exports; . is the current folder"
        )


def _refuse_no_folder(into: Path) -> None:
    """Raises InputError where something that is no folder stands in the way of writing into `into`."""
    from evidence.errors import InputError

    for place in (into, *into.parents):
        if (place.exists() or place.is_symlink()) and not place.is_dir():
            raise InputError(f"--into {into}: {place} is no folder", remedy="Name a folder to write into")


def gap_seconds(text: str) -> int:
    """Seconds of a duration such as 90s, 30m, 2h or 1d. Raises InputError."""
    from evidence.errors import InputError

    match = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", text)
    if match is None:
        raise InputError(f"--gap {text!r} is no duration", remedy="Write it as 90s, 30m, 2h or 1d")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > _GAP_DAYS_MAX * _UNITS["d"]:
        raise InputError(f"--gap {text!r} is too long", remedy=f"At most {_GAP_DAYS_MAX}d: a year")
    return seconds


def _settings(into: Path) -> Settings:
    """The settings in the incidents folder or beside it; else those that are about to be written there."""
    from evidence.settings import load_settings
    from evidence.starter_files import default_settings

    for path in (into / "settings.yaml", into.absolute().parent / "settings.yaml"):
        if path.is_file():
            return load_settings(path)
    return default_settings()


def _catalogue(into: Path) -> Catalogue:
    """The catalogue in the incidents folder or beside it, if there is one."""
    from evidence.anchors import sha256_of
    from evidence.intake.catalogue import read_catalogue
    from evidence.intake.discovery import find_catalogue

    for root in (into, into.absolute().parent):
        if (root / "catalog").is_dir():
            return read_catalogue(find_catalogue(root), root.absolute(), sha256_of)
    return read_catalogue([], into, sha256_of)


class _Progress:
    """Shows files and records read so far, on a terminal only."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr.isatty()

    def __call__(self, file_count: int, record_count: int) -> None:
        if self.is_shown:
            sys.stderr.write(f"\r  {file_count:,} files, {record_count:,} records read")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line, so that what follows begins its own."""
        if self.is_shown:
            sys.stderr.write("\n")


def _json(report: IngestReport | RecordsReport) -> str:
    """In ASCII, so that no text of an export moves or hides anything on a terminal."""
    return report.model_dump_json(indent=2, ensure_ascii=True) + "\n"


def _json_with(report: IngestReport, refusals: Iterator[Refusal]) -> Iterator[str]:
    """The report with every refusal, one after the other: they may be more than memory holds."""
    head, mark, tail = _json(report.model_copy(update={"refusals": []})).partition('\n  "refusals": [')
    yield head + mark
    start = "\n    "
    for each in refusals:
        yield start + each.model_dump_json(indent=2, ensure_ascii=True).replace("\n", "\n    ")
        start = ",\n    "
    yield ("" if start[0] == "\n" else "\n  ") + tail


def _text(report: IngestReport) -> str:
    from evidence.redaction import make_visible

    lines = [
        *_recognised(report),
        "",
        *_refused(report),
        *_empty(report),
        *_incidents(report),
        *_unplaced(report),
        "",
    ]
    if report.is_dry_run:
        lines.append("dry run: nothing was written")
    else:
        lines.append(f"incidents   {report.into}")
    return "".join(f"{make_visible(line)}\n" for line in lines)


def _starters_text(starters: Sequence[Path]) -> str:
    """What was written for want of it, and what it is for."""
    from evidence.redaction import make_visible

    told = {
        "settings.yaml": "how exports are read, with usual delays: adapt it",
        "services.yaml": "no service yet: without owners every decision asks for them or escalates",
    }
    return "".join(f"{make_visible(f'new         {path} ({told[path.name]})')}\n" for path in starters)


def _recognised(report: IngestReport) -> list[str]:
    head = f"{'recognised':<28}" + "".join(f"{name:>11}" for name in _COLUMNS)
    rows = [_row(each.format or "not recognised", each) for each in report.formats]
    total = f"{report.records:,} records in {report.files:,} files = {report.evidence:,} evidence"
    rest = f" + {report.duplicate:,} duplicate + {report.unplaced:,} unplaced + {report.refused:,} refused"
    return [head, *rows, "", total + rest]


_COLUMNS = ("files", "records", "evidence", "duplicate", "unplaced", "refused")


def _row(name: str, counts: FormatCount) -> str:
    cells = (getattr(counts, column) for column in _COLUMNS)
    return f"{name:<28}" + "".join(f"{cell:>11,}" if cell else f"{'-':>11}" for cell in cells)


def _refused(report: IngestReport) -> list[str]:
    lines = []
    for each in report.refusals[:REFUSALS_SHOWN_MAX]:
        where = f"{each.file}:{each.line}:" + (f" {each.field}:" if each.field else "")
        lines.append(f"refused: {where} {each.reason}: {each.detail}" + _held_until_now(each))
    hidden = report.refused + report.displaced - len(lines)
    if hidden > 0:
        lines.append(f"refused: and {hidden:,} more; --format json names all")
    if report.displaced:
        lines.append(f"{report.displaced:,} of them were held before this ingest")
    return [*lines, ""] if lines else []


def _held_until_now(each: Refusal) -> str:
    if each.held_by is None:
        return ""
    return f" (until now evidence of {each.held_by})" if each.held_by else " (until now unplaced)"


def _empty(report: IngestReport) -> list[str]:
    lines = [f"empty: {name} holds no record" for name in report.empty_files[:EMPTY_SHOWN_MAX]]
    hidden = len(report.empty_files) - len(lines)
    if hidden > 0:
        lines.append(f"empty: and {hidden:,} more; --format json names all")
    return [*lines, ""] if lines else []


def _incidents(report: IngestReport) -> list[str]:
    lines = [
        f"{len(report.incidents):,} incidents, records no more than {_duration(report.gap_seconds)} apart"
    ]
    for each in report.incidents:
        state = "" if each.state == "new" else f" ({each.state})"
        lines.append(f"{each.id}{state}  {each.type}")
        lines.append(f"    {each.title}")
        lines.append(f"    {each.window_from} to {each.window_to}")
        lines.append("    " + ", ".join(f"{count:,} {name}" for name, count in each.records.items()))
        shown = each.entities[:ENTITIES_SHOWN_MAX]
        more = len(each.entities) - len(shown)
        if shown:
            lines.append("    " + ", ".join([*shown, f"and {more:,} more"] if more else shown))
        lines += [f"    took in {name}: its incident.yaml is kept in .merged" for name in each.merged]
    lines += [
        f"{name} (gone)  it holds no record any more; its folder is kept in .merged"
        for name in report.dissolved
    ]
    lines += [
        f"{name} (forgotten)  its folder was deleted; what of its records was given above is taken in anew"
        for name in report.forgotten
    ]
    return lines


def _unplaced(report: IngestReport) -> list[str]:
    why = {
        "no_signal": "nothing near them signals an incident",
        "no_incident": "no one incident is open then that they answer",
        "no_time": "they state no event and no time",
    }
    return [
        f"unplaced: {each.records:,} {each.format} records: {why[each.why]}"
        for each in report.unplaced_records
    ]


def _records_text(report: RecordsReport) -> str:
    from evidence.redaction import make_visible

    lines = [
        f"{report.rows:,} rows = {report.incidents:,} incidents + {report.duplicate:,} duplicate"
        f" + {report.refused:,} refused",
        *([f"completed: {report.completed:,} held before"] if report.completed else ()),
        *(f"flagged: {count:,} {flag.replace('_', ' ')}" for flag, count in report.flags.items()),
        *(
            f"{span.begin} to {span.end}: median {span.median_seconds:,} s, n = {span.n:,}"
            + (f", {span.excluded:,} end before they begin" if span.excluded else "")
            for span in report.spans
        ),
    ]
    for each in report.refusals[:REFUSALS_SHOWN_MAX]:
        column = f" {each.column}:" if each.column else ""
        lines.append(f"refused: {each.file} row {each.row}:{column} {each.reason}: {each.detail}")
    hidden = len(report.refusals) - REFUSALS_SHOWN_MAX
    if hidden > 0:
        lines.append(f"refused: and {hidden:,} more; --format json names all")
    lines.append("dry run: nothing was written" if report.is_dry_run else f"written into {report.into}")
    return "".join(f"{make_visible(line)}\n" for line in lines)


def _duration(seconds: int) -> str:
    for unit in ("d", "h", "m"):
        if seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"
