# SPDX-License-Identifier: Apache-2.0
# What may befall the daemon's database: durability.py, whose lines are counted.
# shellcheck shell=bash

# count_lines COMMAND...: each "ok", "not ok" and "skip" that it prints.
count_lines() {
	local line
	while read -r line; do
		echo "$line"
		case $line in
		'ok '*) passed=$((passed + 1)) ;;
		'not ok '*) failed=$((failed + 1)) ;;
		'skip '*) skipped=$((skipped + 1)) ;;
		esac
	done < <("$@" 2>&1)
}

check_durability() {
	[[ durability =~ $pattern ]] || return 0
	count_lines /usr/bin/python3 -B "$here/durability.py" ./brindle "$work"
}

# The soak test for a minute.
check_soak() {
	[[ soak =~ $pattern ]] || return 0
	count_lines /usr/bin/python3 -B "$here/../soak/soak.py" ./brindle \
		--short --seconds 40 --frequency 999 --kills 0
}
