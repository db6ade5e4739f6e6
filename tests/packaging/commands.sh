# SPDX-License-Identifier: Apache-2.0
# Sourced by tests of what is said of the commands: $commands are those of the
# brindle that was built. To complain fails the test.
# shellcheck shell=bash
PATH=$(cd "${top_builddir:-.}" && pwd):$PATH
failed=0

complain() {
	echo "$*"
	failed=1
}

commands=$(brindle help |
	awk '/^  [a-z]+  +[a-z]/ && $1 != "help" { print $1 }')
[ "$(wc -w <<<"$commands")" -ge 15 ] || complain "brindle help: $commands"
