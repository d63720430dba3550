"""Writes what detections catch as text or JSON, and publishes the schema that the JSON keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence.published_schemas import schema_text
from evidence.redaction import make_visible
from simulator.detections.model import (
    SCHEMA_VERSION,
    SECURITY,
    Detection,
    HistoryKind,
    IncidentResult,
    NeverFired,
    RuleResult,
)
from simulator.refused_records import place_words, reason_words

REFUSED_SHOWN_MAX, RECORDS_SHOWN_MAX = 20, 5


def render_json(detection: Detection) -> str:
    """Every field of the model in the model's order."""
    return detection.model_dump_json(indent=2) + "\n"


def published_schema() -> str:
    """The text of docs/schemas/detection.schema.json."""
    return schema_text("detection", SCHEMA_VERSION, Detection)


def render_text(detection: Detection) -> str:
    """The same for people; hits and their anchors are in the JSON alone."""
    parts = [_head(detection), _warnings(detection), _caught(detection), _missed(detection)]
    parts += [_rules(detection), _silent(detection.never_fired), _duplicates(detection), _refused(detection)]
    parts += [_refused_records(detection)]
    lines = [line for part in parts if part for line in ("", *part)]
    return "".join(f"{make_visible(line)}\n" for line in lines[1:])


def duration(seconds: int) -> str:
    """Days, hours, minutes and seconds, the two greatest that are not 0; of a length, whichever its sign."""
    rest, found = abs(seconds), []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        found += [f"{count} {unit}"] if count else []
    return " ".join(found[:2]) or "0 s"


def _head(detection: Detection) -> list[str]:
    read = detection.history
    fired = len(detection.rules) - len(detection.never_fired)
    days = f"events on {_counted(read.day_count, 'day')} from {read.first_at} to {read.last_at}"
    records = f"{_counted(read.record_count, 'record')} in {_counted(read.file_count, 'file')}"
    return [
        f"rules    {_counted(len(detection.rules), 'rule')} from {detection.rules_path}; {fired} fired",
        f"history  {_counted(read.incident_count, 'incident')} from {read.path}",
        *_one_a_file(read.kind),
        f"         {records} ({read.refused_count:,} refused, {read.duplicate_count:,} copies)",
        f"         {days if read.first_at else 'no event in them'}",
        f"caught   {_caught_words(detection)}, by rules of level {detection.level.value} or higher",
        *_noise_line(detection),
    ]


def _warnings(detection: Detection) -> list[str]:
    said = detection.warnings
    lines = [f"Warnings, {len(said)}"] if said else []
    return [*lines, *(f"  {each.file}:{each.line}: {each.what}. {each.remedy}" for each in said)]


def _one_a_file(kind: HistoryKind) -> list[str]:
    is_by_file = kind is HistoryKind.EXPORTS
    return ["         one incident a file: nobody has said what belongs together"] if is_by_file else []


def _caught_words(detection: Detection) -> str:
    caught = [each for each in detection.incidents if each.is_caught]
    if detection.history.kind is HistoryKind.EXPORTS:
        return f"{len(caught)} of {_counted(detection.history.incident_count, 'incident')}"
    security = sum(each.type == SECURITY for each in caught)
    total = security + len(detection.incidents_missed)
    others = len(caught) - security
    more = f", and {others} of other types" if others else ""
    return f"{security} of {_counted(total, 'incident')} of type {SECURITY}{more}"


def _noise_line(detection: Detection) -> list[str]:
    noise = detection.noise
    if noise is None:
        return ["noise    not known: nobody has said which of these files tell of an attack"]
    where = f"{_counted(noise.alert_count, 'hit')} of that level in incidents of other types"
    less = f"; {noise.hit_count - noise.alert_count} of lower levels"
    return [f"noise    {where}, {noise.alerts_per_day} per day{less}"]


def _caught(detection: Detection) -> list[str]:
    titles = {rule.id: f"{rule.level or 'no level'}: {rule.title}" for rule in detection.rules}
    caught = [each for each in detection.incidents if each.is_caught]
    lines = [f"Caught, {len(caught)}"] if caught else []
    for each in caught:
        lines.append(f"  {each.incident_id}{f' ({each.type})' if each.type else ''}")
        lines.append(f"      {_times(each)}")
        lines += sorted(f"      {titles[rule_id]}" for rule_id in each.caught_by)
    return lines


def _times(each: IncidentResult) -> str:
    in_event, in_arrival = each.seconds_in_event_time or 0, each.seconds_in_arrival_time or 0
    first = f"first malicious event {each.first_event_at}, alert after {duration(in_event)}"
    known = f"{first}, could be raised after {duration(in_arrival)}"
    if each.seconds_earlier is None:
        return known
    if not each.seconds_earlier:
        return f"{known}, at the recorded detection"
    side = "later" if each.seconds_earlier < 0 else "earlier"
    return f"{known}, {duration(each.seconds_earlier)} {side} than recorded"


def _missed(detection: Detection) -> list[str]:
    by_id = {each.incident_id: each for each in detection.incidents}
    lines = [f"Missed, {len(detection.incidents_missed)}"] if detection.incidents_missed else []
    for incident_id in detection.incidents_missed:
        hit = "hit by rules of lower levels only" if by_id[incident_id].hit_by else "no rule hits it"
        lines.append(f"  {incident_id}: {hit}")
    return lines


def _rules(detection: Detection) -> list[str]:
    fired = [rule for rule in detection.rules if rule.hit_count]
    head = [f"Hits by rule, {len(fired)}", f"  {'level':14}{'hits':>6}{'records':>9}{'incidents':>11}  rule"]
    return [*head, *(_rule(rule) for rule in fired)] if fired else []


def _rule(rule: RuleResult) -> str:
    counts = f"{rule.hit_count:>6}{rule.record_count:>9}{len(rule.incident_ids):>11}"
    techniques = f" ({', '.join(rule.techniques)})" if rule.techniques else ""
    return f"  {rule.level or '-':14}{counts}  {rule.title}{techniques}"


def _silent(never_fired: Sequence[NeverFired]) -> list[str]:
    lines = [f"Never fired, {len(never_fired)}"] if never_fired else []
    return [*lines, *(f"  {each.title} ({each.reason.value}): {each.detail}" for each in never_fired)]


def _duplicates(detection: Detection) -> list[str]:
    groups = detection.duplicates
    lines = [f"Catch exactly the same records, {len(groups)}"] if groups else []
    return [
        *lines,
        *(f"  {' = '.join(each.titles)}: {_counted(each.record_count, 'record')}" for each in groups),
    ]


def _refused(detection: Detection) -> list[str]:
    files = detection.history.refused_files
    lines = [f"Files of which nothing could be read, {len(files)}"] if files else []
    lines += [f"  {each.path}: {each.reason}: {each.detail}" for each in files[:REFUSED_SHOWN_MAX]]
    return [*lines, *_rest(len(files) - REFUSED_SHOWN_MAX)]


def _refused_records(detection: Detection) -> list[str]:
    read = detection.history
    unread = {each.path for each in read.refused_files}
    others = [each for each in read.refused if each.anchor.path not in unread]
    told = others[:RECORDS_SHOWN_MAX]
    count = read.refused_count - (len(read.refused) - len(others))
    lines = [f"Records refused, which no rule sees, {count:,}"] if told else []
    for each in told:
        place = each.anchor
        lines.append(f"  {reason_words(each.reason, place.pointer, each.detail)}")
        lines.append(f"      {place_words(place.path, place.ordinal, place.byte_offset, place.byte_length)}")
    more = count - len(told) if told else 0
    return [*lines, *([f"  and {more:,} more: --format json lists the first thousand"] if more else [])]


def _rest(count: int) -> Iterable[str]:
    return [f"  and {count} more: --format json lists all"] if count > 0 else []


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
