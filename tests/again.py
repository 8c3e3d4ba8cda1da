"""A browser test that fails is run once more, and said to have been.

Chromium, the server and the test share the cores with whatever else a machine does; now and then a
frame or a timer comes too late for what a person would not have noticed. What fails twice has
failed. What passes the second time is named at the end, so that it can be looked into.
"""

import pytest
from _pytest.runner import runtestprotocol

AGAIN = "passed the second time"


def is_in_a_browser(item: pytest.Item) -> bool:
    """Whether a test looks through a browser."""
    return "chromium" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Runs a browser test, and once more if it fails."""
    if not is_in_a_browser(item):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        first = next(report for report in reports if report.failed)
        item._initrequest()  # type: ignore[attr-defined]  # fresh fixtures, as for another test
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not any(report.failed for report in reports):
            why = first.longreprtext.strip().splitlines()
            reports[-1].user_properties.append((AGAIN, why[-1] if why else first.when))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the tests that passed the second time."""
    said = [
        (report.nodeid, why)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
        for name, why in report.user_properties
        if name == AGAIN
    ]
    if said:
        terminalreporter.section(AGAIN)
        for test, why in said:
            terminalreporter.line(f"{test}: {why}")
