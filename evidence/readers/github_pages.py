"""Owns what GitHub's pages say of what is not on them: a count of all beside the records of one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.readers.contract import Gap, Page


def pages_missing(pages: Sequence[Page], key: str, what: str) -> Iterator[tuple[Page, Gap]]:
    """One gap per repository of which the pages hold fewer records than GitHub counts, with the first page.

    A page without records belongs to no repository and is compared by itself.
    """
    together: dict[str, list[Page]] = {}
    for page in pages:
        together.setdefault(_repository(page), []).append(page)
    for repository, group in sorted(together.items()):
        counts = [count for page in group if isinstance(count := page.envelope.get(key), int)]
        held = len({record for page in group for record in page.record_sha256s})
        if counts and max(counts) > held:
            where = f" of {repository}" if repository else ""
            detail = f"GitHub counts {max(counts)} {what}{where}; {held} are here"
            yield group[0], Gap("more_available", f"{what}{where}", detail, f"/{key}")


def _repository(page: Page) -> str:
    named = (event.get("repository") for event in page.events)
    return next((name for name in named if name), "")
