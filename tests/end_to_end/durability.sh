# SPDX-License-Identifier: Apache-2.0
# What may befall the daemon's database: durability.py, whose lines are counted.
# shellcheck shell=bash

check_durability() {
	local line
	[[ durability =~ $pattern ]] || return 0
	while read -r line; do
		echo "$line"
		case $line in
		'ok '*) passed=$((passed + 1)) ;;
		'not ok '*) failed=$((failed + 1)) ;;
		'skip '*) skipped=$((skipped + 1)) ;;
		esac
	done < <(/usr/bin/python3 -B "$here/durability.py" ./brindle "$work" 2>&1)
}
