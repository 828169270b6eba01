from rgrbm.selftest.result import CheckResult
from rgrbm.selftest.run import SelfTest, self_test

__all__ = [
    "CheckResult",
    "SelfTest",
    "self_test",
]
