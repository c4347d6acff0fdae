# SPDX-License-Identifier: MIT
"""What all Python tests share: --all, the image under test, and that a test which skips itself is a failure."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "vm"))
import tamper  # noqa: E402
import vm  # noqa: E402


@pytest.fixture(scope="session")
def image():
    """The image under test; `make image` makes it."""
    path = Path(os.environ.get("ATOMOS_TEST_IMAGE", vm.BUILD / "demo.img"))
    assert path.exists(), f"there is no image {path}: run 'make image', or set ATOMOS_TEST_IMAGE"
    return path.resolve()


@pytest.fixture(scope="module")
def medium(image):
    """Its file system, mounted."""
    with tamper.mounted(tamper.plain_of(image), read_only=True) as directory:
        yield directory


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
