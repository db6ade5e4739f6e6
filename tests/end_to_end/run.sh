#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a user meets: every command, every bad input, every way to end.
# Last line: "end_to_end: P passed, F failed, S skipped".
#
# usage: run.sh [BRINDLE [NAME-PATTERN]]
# PARTS: which of them (all).
here=$(cd "$(dirname "$0")" && pwd)
brindle=$(realpath "${1:-${BRINDLE:-./brindle}}")
pattern=${2:-.}
work=$(mktemp -d /tmp/brindle-e2e-XXXXXX)
chmod 755 "$work"
cd "$work" || exit 1
passed=0 failed=0 skipped=0 late=0 mounted= paranoid= max_rate=
python=/usr/bin/python3.11
[ -x $python ] || python=$(command -v python3)

. "$here/reading.sh"
. "$here/recording.sh"
. "$here/ending.sh"
. "$here/events.sh"
. "$here/refusals.sh"
. "$here/top.sh"
. "$here/web.sh"
. "$here/daemon.sh"
. "$here/durability.sh"
. "$here/privilege.sh"
. "$here/processes.sh"
. "$here/host.sh"
. "$here/memory.sh"

cleanup() {
	restore_paranoid
	restore_max_rate
	[ -n "$mounted" ] && umount "$work/tiny"
	rm -rf "$work"
}
trap cleanup EXIT

"${CC:-cc}" -O2 -g -std=gnu11 -D_GNU_SOURCE -o spinner \
	"$here/../programs/spinner.c" || exit 1
cp "$brindle" brindle && chmod 755 brindle

# run LIMIT COMMAND...: sets status, out and err.
run() {
	local limit=$1
	shift
	timeout -k 5 "$limit" "$@" >out.txt 2>err.txt </dev/null
	status=$?
	out=$(cat out.txt) err=$(cat err.txt)
}

# expect NAME CONDITION...: one test; the condition is a command.
expect() {
	local name=$1
	shift
	[[ $name =~ $pattern ]] || return 0
	if "$@"; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "not ok $name: status $status"
		printf '%s\n' "$err" "$out" | head -8 | cut -c1-200 |
			sed 's/^/    /'
	fi
}

# timely NAME CONDITION...: one test that a host with too much else to do fails.
timely() {
	local name=$1
	shift
	[[ $name =~ $pattern ]] || return 0
	if "$@"; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		late=$((late + 1))
		echo "late $name"
	fi
}

# patiently FUNCTION [ARGUMENT...]: runs tests of which some are timely. Those that
# are late are tried again, twice; then they have failed.
patiently() {
	local before=$passed try
	for try in 1 2 3; do
		late=0
		"$@"
		[ $late != 0 ] || return 0
		[ $try != 3 ] || break
		echo "again $1: $late late; load $(cut -d ' ' -f 1 /proc/loadavg)"
		passed=$before
		sleep 5
	done
	failed=$((failed + late))
	echo "not ok $1: $late late three times"
}

# compile PROGRAM SOURCE [OPTION...]: from here. What does not compile has failed:
# tests that go missing would not be noticed.
compile() {
	local program=$1 source=$2
	shift 2
	"${CC:-cc}" -O2 "$@" -o "$program" "$here/$source" && return
	failed=$((failed + 1))
	echo "not ok $source: does not compile"
	return 1
}

skip() {
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

# fails STATUSES PATTERN: the last run ended so, with a clear line of error.
fails() {
	[[ $status =~ ^($1)$ ]] && grep -qiE "$2" err.txt &&
		grep -q '^brindle' err.txt
}

# works PATTERN: the last run succeeded and printed it.
works() {
	[ "$status" = 0 ] && grep -qE "$1" out.txt
}

works_any_case() {
	[ "$status" = 0 ] && grep -qiE "$1" out.txt
}

# count SQL: the single number it yields.
count() {
	sqlite3 -readonly "${2:-brindle.db}" "$1"
}

at_least() {
	[ "$(count "$2" "$3")" -ge "$1" ] 2>/dev/null
}

as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"

for part in ${PARTS:-recording reading ending events refusals top web daemon \
	durability soak privilege processes host memory}; do
	began=$SECONDS
	"check_$part"
	echo "# $part: $((SECONDS - began)) s"
done
echo "end_to_end: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
