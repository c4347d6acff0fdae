#!/bin/sh
# Run by pam_motd at log-in: says when the root differs from what was booted. Only names of
# directories and the files of /etc are looked at, which takes milliseconds.
# SPDX-License-Identifier: MIT
root=${1:-}
started=$root/run/atomos/started
[ -e "$started" ] || exit 0

changed=$(find "$root/etc" -xdev -type f -newer "$started" ! -name .pwd.lock ! -name '*.dpkg-*' 2>/dev/null | head -n 100)
places=$(find "$root/usr" -xdev -type d -newer "$started" 2>/dev/null | head -n 100)
packages=$(find "$root/var/lib/dpkg/status" -newer "$started" 2>/dev/null)

what=
[ -z "$packages" ] || what="packages"
if [ -n "$changed" ]; then
	count=$(printf '%s\n' "$changed" | wc -l)
	files=$(printf '%s\n' "$changed" | head -n 1)
	files=${files#"$root"}
	[ "$count" -eq 1 ] || files="$count files in /etc ($files, …)"
	what="${what:+$what, }$files"
fi
[ -n "$packages" ] || [ -z "$places" ] || what="${what:+$what, }files in /usr"
[ -n "$what" ] || exit 0
echo "Changed since the boot, in memory only, gone after the next: $what."
echo "What shall stay belongs in /etc/atomos/configuration.nix."
