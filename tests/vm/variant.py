# SPDX-License-Identifier: MIT
"""Media like the demo's, but for a few lines of configuration."""

import shutil

import tamper
import vm


def image(directory, lines):
    """Builds one in this folder; the image's path."""
    demo, conf = vm.TOP / "examples/demo", directory / "configuration"
    conf.mkdir()
    shutil.copy(demo / "configuration.nix", conf / "demo.nix")
    shutil.copy(demo / "atomos.lock", conf)
    (conf / "configuration.nix").write_text(f"{{ imports = [ ./demo.nix ]; {lines} }}\n")
    path = directory / "medium.img"
    tamper.output(vm.BUILD / "lib/atomos", "image", "--configuration", conf, "-o", path)
    return path
