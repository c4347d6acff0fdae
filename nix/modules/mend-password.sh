#!/bin/sh
# Run at a log-in whose account has another password than its slot of the disk, or the one that everybody knows: says so,
# and asks once for what mends it. Nothing of it can stop the log-in.
# SPDX-License-Identifier: MIT
trap 'echo; exit 1' INT
program=${1:-/usr/bin/atomos}
if [ -s "/run/atomos/passwords/${USER:-}" ]; then
	echo "Your password is the one that the medium came with, which everybody knows. Choose another: sudo atomos passwd ${USER:-}"
	exit
fi
echo "Your password isn't the one that opens the disk: some program has changed only one of both."
case " $(id -nG) " in
*" sudo "*)
	echo "With the disk's password, or the recovery key, they become one again. Ctrl-C leaves it for the next log-in."
	sudo "$program" passwd --mend || echo "Later: sudo atomos passwd --mend"
	;;
*) echo "Who looks after this machine can mend it: sudo atomos passwd --mend ${USER:-}" ;;
esac
