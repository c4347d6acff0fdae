# SPDX-License-Identifier: MIT
# Two commands do everything: make demo, make check. Both make what they need under build/.
TOP := $(CURDIR)
ENTER := tools/enter

.PHONY: all demo image check check-all bench install format clean distclean

all: build/tools.stamp
	@$(ENTER) tools/compile

build/tools.stamp: tools/packages tools/root
	@tools/root

demo: image
	@echo "Log in as atom with the password atom."
	@./atomos run build/demo.img

image: build/tools.stamp
	@tools/demo-image

check: build/tools.stamp
	@$(ENTER) tools/check

check-all: build/tools.stamp
	@$(ENTER) tools/check --all

bench: build/tools.stamp
	@$(ENTER) bench/run

install:
	@tools/install

format: build/tools.stamp
	@$(ENTER) sh -c 'git ls-files "*.c" "*.h" | xargs clang-format -i'

clean:
	rm -rf build/meson build/lib build/demo.img* build/vm-logs

# Also the tools root, the store and the keys of the demo.
distclean:
	rm -rf build
