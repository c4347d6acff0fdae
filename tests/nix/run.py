#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Evaluates the cases of this directory and compares them with what their .exp files pin.

    run.py             run the cases
    run.py --update    write the .exp files (look at the difference before committing it)
"""
import json
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SETTINGS = "experimental-features = nix-command flakes\nbuild-users-group =\n"
EVALUATION_SECONDS = 0.3
VENDOR_CASE = "vendor"


def nix(*arguments):
    """Evaluates; returns (JSON value or None, messages)."""
    run = subprocess.run(
        ["nix", "eval", "--json", *arguments],
        capture_output=True, text=True,
        env={"NIX_CONFIG": SETTINGS, "PATH": "/usr/bin:/bin", "HOME": tempfile.gettempdir()},
    )
    if run.returncode:
        return None, run.stderr
    return json.loads(run.stdout), run.stderr


def render(value):
    text = value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return text.replace(str(TOP), "TOP").rstrip("\n") + "\n"


class Suite:
    def __init__(self, update):
        self.update = update
        self.failures = []
        options, messages = nix("--file", str(TOP / "nix"), "--arg", "configuration", "{ }", "optionsDoc")
        if options is None:
            sys.exit(messages)
        self.options = {o["name"]: o for o in json.loads(options)}
        self.seen = set()

    def fail(self, name, why):
        self.failures.append(f"{name}: {why}")

    def case(self, path):
        name = str(path.relative_to(HERE).with_suffix(""))
        result, messages = nix("--file", str(HERE / "case.nix"), "--arg", "path", str(path), "result")
        if result is None:
            return self.fail(name, f"does not evaluate\n{messages}")
        self.compare(name, path.with_suffix(".exp"), render(result["value"]))
        if path.parent.name == "options":
            self.effects(name, path.stem, result)

    def compare(self, name, expected, text):
        if self.update:
            expected.write_text(text)
        elif not expected.exists():
            self.fail(name, f"{expected.name} is missing")
        elif expected.read_text() != text:
            self.fail(name, f"expected:\n{expected.read_text()}got:\n{text}")

    def effects(self, name, stem, result):
        for option, value in result["value"].items():
            if option not in self.options:
                self.fail(name, f"there is no option {option}")
            elif value == result["without"].get(option):
                self.fail(name, f"{option} has no effect here: {value!r} with and without it")
            elif self.options[option]["vendor"] != (stem == VENDOR_CASE):
                self.fail(name, f"{option} belongs {'into' if self.options[option]['vendor'] else 'outside of'} vendor.nix")
            self.seen.add(option)
        if result["bootChanged"] != (stem == VENDOR_CASE):
            self.fail(name, "the boot image changes, but the options are not the vendor's (or the reverse)")

    def documentation(self):
        for name, option in self.options.items():
            if not option["description"]:
                self.fail("descriptions", f"{name} has no description")
            if name not in self.seen:
                self.fail("coverage", f"no case in options/ sees the effect of {name}")

    def manual(self):
        docs, messages = nix("--file", str(TOP / "nix"), "--arg", "configuration", "{ }", "docs")
        page = subprocess.run(["scdoc"], input=docs or "", capture_output=True, text=True)
        if docs is None or page.returncode:
            self.fail("manual", f"scdoc refuses the page: {messages}{page.stderr}")

    def examples(self):
        for path in sorted((TOP / "examples").glob("*/configuration.nix")):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            result, messages = nix("--file", str(TOP / "nix"), "--arg", "configuration", str(path), "decisions")
            spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
            name = f"examples/{path.parent.name}"
            if result is None or result.get("error") or result.get("assertions"):
                self.fail(name, f"{messages}{result}")
            elif spent > EVALUATION_SECONDS:
                self.fail(name, f"evaluating took {spent:.2f} s, more than {EVALUATION_SECONDS} s")

    def throwing(self):
        """What the user's own code throws is Nix's to say, not ours to hide."""
        result, messages = nix("--file", str(TOP / "nix"), "--arg", "configuration",
                               '{ networking.hostName = throw "their own words"; }', "decisions")
        if result is not None or "their own words" not in messages:
            self.fail("throwing", f"expected the user's own error, got {result} {messages}")

    def flake(self):
        """A remix as a flake, against a copy of what is installed; no network, no registry."""
        with tempfile.TemporaryDirectory() as name:
            place = pathlib.Path(name)
            (place / "atomos").mkdir()
            shutil.copy(TOP / "flake.nix", place / "atomos")
            shutil.copytree(TOP / "nix", place / "atomos/nix")
            (place / "remix").mkdir()
            (place / "remix/configuration.nix").write_text('{ networking.hostName = "from-a-flake"; }')
            (place / "remix/flake.nix").write_text(
                f'{{ inputs.atomos.url = "path:{place}/atomos"; outputs = {{ atomos, ... }}: {{'
                " atomosConfigurations.desk = atomos.lib.system { modules = [ ./configuration.nix ]; }; }; }")
            result, messages = nix("--impure", "--expr", f'((builtins.getFlake "path:{place}/remix")'
                                   ".atomosConfigurations.desk.evaluate { }).decisions.hostName")
        if result != "from-a-flake":
            self.fail("flake", f"got {result} {messages}")

    def parsing(self):
        files = [str(p) for d in ("nix", "examples", "tests/nix") for p in sorted((TOP / d).rglob("*.nix"))]
        files.append(str(TOP / "flake.nix"))
        run = subprocess.run(["nix-instantiate", "--parse", *files], capture_output=True, text=True)
        if run.returncode:
            self.fail("parsing", run.stderr)


def main():
    suite = Suite("--update" in sys.argv[1:])
    cases = sorted(p for d in ("options", "fail", "lib") for p in (HERE / d).glob("*.nix"))
    suite.examples()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(suite.case, cases))
    suite.documentation()
    suite.manual()
    suite.parsing()
    suite.throwing()
    suite.flake()
    for failure in suite.failures:
        print(failure)
    print(f"{len(cases)} cases, {len(suite.options)} options, {len(suite.failures)} failures")
    return 1 if suite.failures else 0


if __name__ == "__main__":
    sys.exit(main())
