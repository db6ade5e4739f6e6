#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh -s SECONDS -j JOBS -c CORPUS TARGET...: gives each libFuzzer target
# its time, some at once; a finding is kept beside the target. The last line
# has the counts.
set -u
seconds=60 jobs=2 corpus=tests/fuzz/corpus
while getopts s:j:c: option; do
	case $option in
	s) seconds=$OPTARG ;;
	j) jobs=$OPTARG ;;
	c) corpus=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fuzz_one() {
	local target=$1 name seeds=() runs
	name=$(basename "$target")
	mkdir "$work/$name.found"
	[ ! -d "$corpus/${name#fuzz_}" ] || seeds=("$corpus/${name#fuzz_}")
	# What was found new goes into the first folder, the seeds stay clean.
	# The hard stop is for a target that hangs where libFuzzer cannot see.
	if timeout -k 5 $((seconds + 60)) "$target" \
		-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-max_len=65536 -print_final_stats=1 \
		-artifact_prefix="$target-" "$work/$name.found" \
		"${seeds[@]}" >"$target.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
			"$target.log")
		echo "ok $name: $runs inputs in $seconds s"
		touch "$work/$name.ok"
	else
		echo "not ok $name: see $target.log"
		grep -E 'ERROR|SUMMARY|runtime error' "$target.log" | head -3
	fi
}

for target in "$@"; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
	done
	fuzz_one "$target" &
done
wait
passed=$(find "$work" -name '*.ok' | wc -l)
echo "fuzz: $passed passed, $(($# - passed)) failed, 0 skipped"
[ "$passed" -eq $# ]
