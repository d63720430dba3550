"""Owns why each kind of gap in the evidence matters, and what would close that kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GapWords:
    """Two sentences for a responder."""

    why_it_matters: str
    how_to_find_out: str


_MAY_SAY_OTHERWISE = "What the export leaves out may say otherwise."

# One entry per kind of `expectations.tables.quality.GAP_KINDS`.
GAP_WORDS: Mapping[str, GapWords] = {
    "change_history_at_limit": GapWords(
        "An older change, or the revision before it, may be the one that counts.",
        "Read the history where it is kept longer: the log of the Git repository, or the tool's own events.",
    ),
    "change_source_missing": GapWords(
        "Whether something was changed before the first symptom cannot be told.",
        "Export the service's history from Argo CD or Flux, or its deployments from GitHub.",
    ),
    "claimed_object_unseen": GapWords(
        "It may not exist, or bear another name: only the tool that passes it on speaks of it.",
        "Ask the cluster for it by name, look for the finding in the log of the tool that is said to have "
        "made it, and ask who can post to the one that passed it on.",
    ),
    "client_reported_field": GapWords(
        "The caller may have written it to pass for another.",
        "Ask who connected at that time: the proxy's or load balancer's own log, the network's flow log.",
    ),
    "clock_skewed": GapWords(
        "What came first is in doubt, and with it whether a change explains the symptom.",
        "Compare that source's times with records that another clock stamped, and look at the time service "
        "of its hosts; another export bears the same times.",
    ),
    "delivery_best_effort": GapWords(
        "What is not in it may have happened all the same.",
        "Look where such events are kept for longer (a log store, an event exporter): what was dropped "
        "cannot be exported again.",
    ),
    "entries_equal_limit": GapWords(
        _MAY_SAY_OTHERWISE,
        "Query again with a higher limit, or for one part of the window after the other.",
    ),
    "fields_masked": GapWords(
        "The hidden fields may hold what would decide.",
        "Ask whoever may see them at the source: they are hidden on purpose, and in every export.",
    ),
    "metric_unmapped": GapWords(
        "Its values decide nothing, whatever they are.",
        "Look at the metric itself, and say in settings.yaml what it measures if it matters.",
    ),
    "more_available": GapWords(
        _MAY_SAY_OTHERWISE,
        "Fetch the further pages, and read them in beside this one.",
    ),
    "partial_result": GapWords(
        "The part that is missing may say otherwise.",
        "Ask the source again, and look there why a part had no answer.",
    ),
    "records_quarantined": GapWords(
        "What those records say is not in the evidence.",
        "Read them as they are (the quarantine holds bytes and reasons); where an export was cut or "
        "altered on its way, ask for it anew.",
    ),
    "records_truncated": GapWords(
        "What was cut off may say otherwise.",
        "Look at the source itself, where the whole is kept: the same export is cut at the same place.",
    ),
    "source_warning": GapWords(
        "The source itself doubts its answer.",
        "Read the warning, and put the query or the source right before its figures are relied on.",
    ),
}
