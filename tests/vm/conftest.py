# SPDX-License-Identifier: MIT
"""Fixtures of the VM tests: machines, altered copies of the image, recorded first starts and changes."""

import pytest

import changing
import starting
import vm
from tamper import Copy


@pytest.fixture(scope="module")
def first_start(image, medium):
    """A first start in a machine, recorded: see starting.py."""
    return starting.recorded(image, medium)


@pytest.fixture(scope="module")
def changed_password(image, first_start):
    """A password changed behind it, recorded: see changing.py."""
    return changing.recorded(image, first_start)


@pytest.fixture
def machine(request, image):
    """machine(image=…, **options) boots one that ends with the test."""
    running = []

    def start(image=image, name=request.node.name, **options):
        m = vm.boot(name if not running else f"{name}-{len(running) + 1}", image, **options)
        running.append(m)
        return m.__enter__()

    yield start
    report = getattr(request.node, "report_call", None)
    failed = report is not None and report.failed
    for m in running:
        m.__exit__(AssertionError if failed else None, None, None)


@pytest.fixture
def copy(request, image):
    """An altered copy of the image: see tamper.Copy. Removed after the test."""
    with Copy(image, request.node.name) as c:
        yield c
