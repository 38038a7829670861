"""Runners and a loader for `unittest` that say less and forget modules."""

from __future__ import annotations

import sys
import unittest
from typing import Any

__all__ = ["ReloadingTestLoader", "TerseTestResult", "TerseTestRunner"]


class TerseTestResult(unittest.TextTestResult):
    """Shows failures only if there are any, without an empty line before."""

    def printErrors(self) -> None:
        """Show the failures and errors."""
        if self.errors or self.failures:
            if self.dots or self.showAll:
                self.stream.writeln()
            self.printErrorList("ERROR", self.errors)
            self.printErrorList("FAIL", self.failures)


class TerseTestRunner(unittest.TextTestRunner):
    """Shows nothing but failures and a last word."""

    resultclass: Any = TerseTestResult

    def run(self, test: Any) -> Any:  # Any: as typeshed has it for this method
        """Run a test case or suite."""
        result: Any = self._makeResult()
        test(result)
        result.printErrors()
        if not result.wasSuccessful():
            failed, errors = len(result.failures), len(result.errors)
            self.stream.write(f"FAILED (failures={failed}, errors={errors})\n")
        return result


class ReloadingTestLoader(unittest.TestLoader):
    """Imports the modules of tests anew each time that it loads them."""

    def loadTestsFromName(self, name: str, module: Any = None) -> unittest.TestSuite:
        """Return the tests that a dotted name stands for.

        Args:
            name: Of a module, class, method, or of a callable that returns tests.
            module: Where to look for the name; it is not imported anew then.
        """
        if module is None:
            for known in _modules_of(name):
                del sys.modules[known]
        return super().loadTestsFromName(name, module)


def _modules_of(name: str) -> list[str]:
    """Return the module that a dotted name begins with, if it is imported already."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        if module in sys.modules:
            return [module]
    return []
