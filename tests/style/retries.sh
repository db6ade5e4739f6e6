#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What check.sh does with a test that fails: once more, if a terminal drives it, and
# it says so; whoever fails again, or with many others, has failed.
set -u
source=${top_srcdir:-.}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
wrong=0

mkdir -p "$tree/.ci" "$tree/build-check/plain" "$tree/tests/end_to_end"
cp "$source/check.sh" "$tree"
cp "$source/.ci/packages.sh" "$tree/.ci"
for name in configure build-check/plain/brindle; do
	printf '#!/bin/sh\n' >"$tree/$name"
	chmod +x "$tree/$name"
done

# A part whose first FAILURES tests fail in its first RUNS runs.
cat >"$tree/tests/end_to_end/run.sh" <<'EOF'
#!/bin/bash
failed=0
echo run >>runs
for part in ${PARTS:-recording top}; do
	for test in 1 2 3 4 5 6 7 8; do
		if [ $part = "$WHICH" ] && [ $test -le "$FAILURES" ] &&
			[ "$(wc -l <runs)" -le "$RUNS" ]; then
			failed=$((failed + 1))
			echo "not ok $part $test"
		fi
	done
	echo "# $part: 1 s"
done
echo "end_to_end: $((16 - failed)) passed, $failed failed, 0 skipped"
[ $failed = 0 ]
EOF
chmod +x "$tree/tests/end_to_end/run.sh"

# closes PART FAILURES RUNS STATUS WORDS: so it ends.
closes() {
	local out status which=$1
	shift
	rm -f "$tree/runs"
	out=$(cd "$tree" && WHICH=$which FAILURES=$1 RUNS=$2 ./check.sh --no-install \
		end_to_end 2>&1)
	status=$?
	[ "$status" = "$3" ] && [ "$(tail -1 <<<"$out")" = "$4" ] && return
	printf '%s\n' "$which: $1 failures in $2 runs: status $status" "$out"
	wrong=1
}

closes top 0 0 0 "16 passed, 0 failed, 0 skipped, 0 unsteady"
closes top 2 1 0 "14 passed, 0 failed, 0 skipped, 2 unsteady"
closes top 2 2 1 "14 passed, 2 failed, 0 skipped, 0 unsteady"
closes top 7 1 1 "9 passed, 7 failed, 0 skipped, 0 unsteady"
# Something lost is not found by looking again.
closes recording 1 1 1 "15 passed, 1 failed, 0 skipped, 0 unsteady"
exit $wrong
