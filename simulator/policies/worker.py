"""The process in which modules are evaluated: one line of JSON in, one out, until its input ends.

The interpreter may end the whole process, or never come back, over what somebody wrote: this one can be lost.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from evidence.decision.rego.interpreter import UNDEFINED, CompiledModules, EvaluationError


def main() -> None:
    """Answer the first line, which compiles, and then each question."""
    first = json.loads(sys.stdin.readline())
    try:
        compiled = CompiledModules(first["modules"], tuple(first["paths"]), first["data"])
    except EvaluationError as failure:
        _say({"error": str(failure)})
        return
    _say({"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        _say(_answer(compiled, question["path"], question["input"]))


def _answer(compiled: CompiledModules, path: str, given: Any) -> dict[str, Any]:
    try:
        said = compiled.ask(path, given)
    except EvaluationError as failure:
        return {"error": str(failure)}
    return {"undefined": True} if said is UNDEFINED else {"value": said}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
