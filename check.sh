#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check.sh [--no-install] [SUITE...]: builds with warnings as errors and runs
# every test. The last line counts them.
#
# Suites: unit sanitizers fuzz end_to_end truth (all without an argument).
# FUZZ_SECONDS: time of each fuzz target (60). JOBS: parallel builds.
set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source=.ci/packages.sh
. .ci/packages.sh

usage() {
	sed -n '3,7s/^# \{0,1\}//p' "$0"
}

install=yes
suites=()
for argument; do
	case $argument in
	--no-install) install=no ;;
	-h | --help) usage; exit 0 ;;
	unit | sanitizers | fuzz | end_to_end | truth) suites+=("$argument") ;;
	*) usage >&2; exit 2 ;;
	esac
done
[ ${#suites[@]} -gt 0 ] || suites=(unit sanitizers fuzz end_to_end truth)

FUZZ_SECONDS=${FUZZ_SECONDS:-60}
JOBS=${JOBS:-$(nproc)}
logs=$PWD/build-check/logs
passed=0 failed=0 skipped=0
mkdir -p "$logs"

say() {
	printf '\n==> %s (%d s)\n' "$*" "$SECONDS"
}

count() {
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# A step that has to work for the tests after it to mean anything.
# step NAME COMMAND...: its output goes to a log, and a failure counts as one.
step() {
	local name=$1
	shift
	"$@" >"$logs/$name.log" 2>&1 && return 0
	echo "FAIL $name: $logs/$name.log ends in"
	tail -30 "$logs/$name.log"
	count 0 1 0
	return 1
}

# Once; after that make sees by itself what has changed.
configure_in() {
	local folder=$1
	shift
	[ ! -f "$folder/Makefile" ] || return 0
	mkdir -p "$folder"
	step "configure-$(basename "$folder")" \
		env -C "$folder" ../../configure --quiet "$@"
}

# build FOLDER CONFIGURE-OPTION...
build() {
	local folder=build-check/$1 name=build-$1
	shift
	configure_in "$folder" "$@" || return
	step "$name" make -C "$folder" -j"$JOBS" all || return
	# One test that does not compile fails alone; the others are run.
	step "$name-tests" make -k -C "$folder" -j"$JOBS" check TESTS= ||
		touch "$folder/partly-built"
}

# Adds up the tests inside one cmocka program, or one script, from its log.
count_log() {
	local log=$1 result ok bad none
	result=$(sed -n 's/^:test-result: //p' "${log%.log}.trs")
	ok=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s)\.$/\1/p' "$log" | tail -1)
	bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' "$log" | head -1)
	none=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) test(s).*/\1/p' "$log" | head -1)
	[ -z "$none" ] || echo "SKIP $none in ${log##*build-check/}:" \
		"$(grep -m1 -B1 '^\[  SKIPPED' "$log" | head -1)"
	if [ -n "$ok" ] && [ "$result" = PASS ]; then
		count "$ok" 0 "${none:-0}"
	elif [ "$result" = PASS ]; then
		count 1 0 0
	elif [ "$result" = SKIP ]; then
		echo "SKIP ${log##*build-check/}: $(grep -m1 skip "$log")"
		count 0 0 1
	else
		echo "FAIL ${log##*build-check/}"
		grep -vE '^\[ (RUN| +OK) ' "$log" | tail -20
		count "${ok:-0}" "${bad:-1}" "${none:-0}"
	fi
}

run_tests() {
	local folder=build-check/$1 log only=()
	if [ -f "$folder/partly-built" ]; then
		rm "$folder/partly-built"
		only=(check_PROGRAMS= "TESTS=$(cd "$folder" && find tests \
			-name 'test_*' -type f -perm -1 ! -name '*.*' |
			tr '\n' ' ')")
	fi
	find "$folder/tests" -name '*.trs' -delete
	make -k -C "$folder" check-TESTS "${only[@]}" >"$logs/check-$1.log" 2>&1
	while read -r log; do
		count_log "$log"
	done < <(find "$folder/tests" -name '*.trs' | sort | sed 's/trs$/log/')
}

# The counts in the closing line "NAME: N passed, N failed, N skipped".
count_closing() {
	local name=$1 log=$2 status=$3 line
	line=$(grep -E '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" |
		tail -1)
	if [ -z "$line" ]; then
		echo "FAIL $name: no counts at the end of $log (status $status)"
		count 0 1 0
		return
	fi
	# shellcheck disable=SC2046 # three numbers
	count $(grep -oE '[0-9]+ (passed|failed|skipped)' <<<"$line" |
		tail -3 | cut -d' ' -f1)
	[ "$status" -eq 0 ] || [[ $line != *" 0 failed,"* ]] || count 0 1 0
}

suite_unit() {
	say "unit and style tests"
	build plain --enable-werror && run_tests plain
}

suite_sanitizers() {
	say "unit tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	build sanitizers --enable-werror --enable-sanitizers CFLAGS='-O1 -g' &&
		run_tests sanitizers
}

suite_fuzz() {
	say "fuzz targets, $FUZZ_SECONDS s each"
	configure_in build-check/fuzz CC=clang CFLAGS='-O1 -g' \
		--enable-fuzzing --enable-werror || return
	step build-fuzz make -C build-check/fuzz -j"$JOBS" fuzz-targets || return
	make -C build-check/fuzz --no-print-directory fuzz FUZZ_JOBS=$((2 * JOBS)) \
		FUZZ_SECONDS="$FUZZ_SECONDS" 2>&1 | tee "$logs/fuzz.log"
	count_closing fuzz "$logs/fuzz.log" "${PIPESTATUS[0]}"
}

# run_script NAME: tests/NAME/run.sh, on the program that people will use.
run_script() {
	[ -x build-check/plain/brindle ] || build plain --enable-werror || return
	BRINDLE=$PWD/build-check/plain/brindle "tests/$1/run.sh" 2>&1 |
		tee "$logs/$1.log"
	count_closing "$1" "$logs/$1.log" "${PIPESTATUS[0]}"
}

suite_end_to_end() {
	say "every command, as a user meets it"
	run_script end_to_end
}

suite_truth() {
	say "truth tests on real interpreters"
	run_script truth
}

say_pythons() {
	local root=${PYENV_ROOT:-$HOME/.pyenv} version
	for version in 3.11.7 3.12.1 3.13.0; do
		[ -x "$root/versions/$version/bin/python3" ] ||
			echo "no Python $version under $root: not tested on it"
	done
	[ -x /usr/bin/python3.11 ] ||
		echo "no /usr/bin/python3.11: Debian's build is not tested"
}

if [ $install = yes ]; then
	say "packages"
	# shellcheck disable=SC2086 # a list
	install_packages $test_packages && install_clang_runtime || exit 1
fi
say_pythons
if [ -x configure ] || step autogen ./autogen.sh; then
	for suite in "${suites[@]}"; do
		"suite_$suite"
	done
fi
say "logs are in build-check/logs"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
