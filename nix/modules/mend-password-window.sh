#!/bin/sh
# Started with a desktop's session, where no terminal asks: opens one for mend-password, if there is something to mend.
# SPDX-License-Identifier: MIT
passwords=${1:-/run/atomos/passwords}
[ -n "${USER:-}" ] && [ -e "$passwords/$USER" ] || exit 0
# shellcheck disable=SC2016
exec x-terminal-emulator -e sh -c '/usr/lib/atomos/mend-password; echo "Enter closes this window."; read -r _'
