# SPDX-License-Identifier: MIT
"""Options of the tests on a built system."""


def pytest_addoption(parser):
    try:
        parser.addoption("--all", action="store_true", help="the long tests too")
    except ValueError:
        pass  # another folder's conftest has it


def pytest_configure(config):
    config.addinivalue_line("markers", "long: runs with --all only")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--all"):
        return
    chosen = [i for i in items if not i.get_closest_marker("long")]
    config.hook.pytest_deselected(items=[i for i in items if i not in chosen])
    items[:] = chosen
