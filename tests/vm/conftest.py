# SPDX-License-Identifier: MIT
"""Fixtures of the VM tests: the image under test, machines, altered copies of the image."""

import os
from pathlib import Path

import pytest

import vm
from tamper import Copy


@pytest.fixture(scope="session")
def image():
    """The image under test; `make image` makes it."""
    path = Path(os.environ.get("ATOMOS_TEST_IMAGE", vm.BUILD / "demo.img"))
    assert path.exists(), f"there is no image {path}: run 'make image', or set ATOMOS_TEST_IMAGE"
    return path.resolve()


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
