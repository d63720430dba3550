"""Owns the exit codes, the same for every command."""

from __future__ import annotations

EXIT_FINDINGS = 1
EXIT_USAGE = 2

# The same for every command; docs/reference/commands.md shows them as a table.
EXIT_CODES = {
    0: "everything holds (warnings and notes do not change that)",
    EXIT_FINDINGS: "something was found wrong (a blocking check, a proof, a case, a refused package, "
    "a change that --fail-on names, an approval given up)",
    EXIT_USAGE: "wrong use (an unknown name, option or folder, an input that does not read, "
    "nothing published)",
}
