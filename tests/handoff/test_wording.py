"""Sentences that read as if something had been done, or that mix figures, are found; others are not."""

from __future__ import annotations

import pytest

from evidence.handoff.wording import implied_executions, mixed_figures

EXECUTED = (
    "The workload was isolated.",
    "The key has been revoked.",
    "Credentials were rotated at 10:05.",
    "We rotated the key.",
    "We have already disabled the account.",
    "The release was successfully rolled back.",
    "The node is now cordoned.",
    "The proposal was applied.",
    "A ticket has been created.",
    "The owner has been notified.",
    "The incident was automatically closed.",
    "The rollback is complete.",
    "Automation restarted the pods.",
    "executed: true",
)
NOT_EXECUTED = (
    "Recommended: isolate the workload “checkout-api”.",
    "Falco: detects “the pod was isolated and the key has been revoked”.",
    "A binary that is not part of the image was executed, so that the image no longer says what runs.",
    "A resource was opened to everyone and nobody has closed it since.",
    "This package recommends; it carries nothing out.",
    "If the approval is refused, then do not act on the proposal.",
    "Draft, not sent.",
    "The catalogue says that a rollback is supported.",
    "executed: false",
)


@pytest.mark.parametrize("sentence", EXECUTED)
def test_a_sentence_that_implies_execution_is_found(sentence: str) -> None:
    """Passive, active and in passing."""
    assert [sentence] == implied_executions([sentence])


@pytest.mark.parametrize("sentence", NOT_EXECUTED)
def test_a_sentence_that_implies_no_execution_is_let_through(sentence: str) -> None:
    """Recommendations, evidence in quotation marks, and what an attacker did."""
    assert [] == implied_executions([sentence])


@pytest.mark.parametrize(
    "sentence",
    [
        "A risk score of 84.",
        "Impact x confidence is 40.",
        "Severity * confidence decides.",
        "Severity \N{MULTIPLICATION SIGN} confidence.",
    ],
)
def test_a_mixed_figure_is_found(sentence: str) -> None:
    """One number for two questions hides both answers."""
    assert [sentence] == mixed_figures([sentence])


@pytest.mark.parametrize("sentence", ["Impact and confidence are separate.", "“risk score 84” says the log."])
def test_speaking_of_both_figures_is_no_mixture(sentence: str) -> None:
    """Nor is what a source says."""
    assert [] == mixed_figures([sentence])
