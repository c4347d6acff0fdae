# Shared by the scripts that run on the host: messages, root, what the host lacks.
# SPDX-License-Identifier: MIT

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "AtomOS builds in a private Debian root, which needs root: run it again with sudo, or as root."
}

# need_packages COMMAND=PACKAGE...: installs the packages whose command the host lacks.
need_packages() {
	missing=
	for pair; do
		command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
	done
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null 2>&1 || die "This machine lacks$missing and has no apt-get: build AtomOS on Debian 12 or 13, or install them by hand."
	say "Installing what this machine lacks:$missing"
	# shellcheck disable=SC2086
	{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing; } >"$build/host-packages.log" 2>&1 ||
		die "apt-get can't install$missing: see $build/host-packages.log. Check the network and /etc/apt, then run it again."
}
