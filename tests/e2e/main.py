"""Runs the end-to-end tests and closes with one line that counts them."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "demo")]

import stack  # noqa: E402


def main():
    if len(sys.argv) < 2 or not Path(sys.argv[1]).exists():
        sys.exit(
            f"usage: {HERE.name}/run ISRD [NAME OF TEST...]   (./dev test e2e builds it first)"
        )
    stack.OriginTest.binary = Path(sys.argv[1]).resolve()
    loader = unittest.TestLoader()
    if sys.argv[2:]:
        loader.testNamePatterns = [f"*{word}*" for word in sys.argv[2:]]
    suite = unittest.TestSuite(
        loader.loadTestsFromName(name) for name in ("test_django", "test_php")
    )
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    # A class that could not be set up counts as one failure.
    failed = len(result.failures) + len(result.errors)
    passed = max(0, result.testsRun - failed - len(result.skipped))
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if failed == 0 and passed > 0 else 1)


if __name__ == "__main__":
    main()
