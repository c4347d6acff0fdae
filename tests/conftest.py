# SPDX-License-Identifier: MIT
"""What all Python tests share: --all, and that a test which skips itself is a failure."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="the long tests too")


def pytest_collection_modifyitems(config, items):
    # The longest first, so that no processor waits at the end.
    items.sort(key=lambda i: not i.get_closest_marker("first"))
    if config.getoption("--all"):
        return
    chosen = [i for i in items if not i.get_closest_marker("long")]
    config.hook.pytest_deselected(items=[i for i in items if i not in chosen])
    items[:] = chosen


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped itself: {report.longrepr}"
    if call.when == "call":
        item.report_call = report
