# SPDX-License-Identifier: MIT
"""What the documents say of tests: each that they name is there."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*(TOP / "docs").glob("*.md"), TOP / "README.md", TOP / "HACKING.md", TOP / "tests/attacks"])
# tests/x/test-y.c, test_y.py::test_z, ::test_z of the file that was named last
NAMED = re.compile(r"(?<![\w/-])((?:tests/)?(?:\w+/)?(test[-_][\w-]+\.(?:c|py)))?(?:::(test_\w+))?(?![\w/*-])")


def named(text):
    """(file, test or None) as they stand in a text: a name alone is in tests/vm, else in the folder that was named last."""
    last = TOP / "tests/vm"
    for path, name, test in NAMED.findall(text):
        if name:
            found = [TOP / path] if "/" in path else [TOP / "tests/vm" / name, last.parent / name]
            last = next((f for f in found if f.exists()), TOP / path)
        if name or test:
            yield last, test


def missing(text):
    """Those that aren't there, in words."""
    for file, test in named(text):
        if not file.is_file():
            yield f"there is no {file.relative_to(TOP)}"
        elif test and not re.search(rf"^(def|static void) {test}\(", file.read_text(), re.M):
            yield f"{file.relative_to(TOP)} has no {test}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_tests_are_there(document):
    assert not list(missing(document.read_text()))


def test_a_wrong_name_is_found():
    text = "`tests/system/test_docs.py::test_a_wrong_name_is_found`, `::test_nothing`, `tests/init/test-pin.c`, `test-nothing.c`, `test_pin.py`"
    assert len(list(named(text))) == 5
    assert list(missing(text)) == ["tests/system/test_docs.py has no test_nothing", "there is no test-nothing.c", "there is no test_pin.py"]


def test_trust_names_tests():
    """Every row of its table of attacks has one."""
    rows = [line for line in (TOP / "docs/trust.md").read_text().partition("## Attacks")[2].partition("\n## ")[0].splitlines()
            if line.startswith("|")][2:]
    assert len(rows) > 40
    assert not [row for row in rows if not list(named(row.split("|")[3])) and row.split("|")[3].strip() not in ("same", "`tests/core/agree.py`")]
