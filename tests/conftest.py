"""What all tests share: Hypothesis runs the same examples everywhere, and is not a stopwatch."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "stella", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("stella"), derandomize=False, max_examples=3000)
settings.load_profile("stella")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="rewrite the expected results of tests/cases; review the diff"
    )
