#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check.sh [--no-install] [--quick] [SUITE...]: builds with warnings as errors and
# runs every test. The last lines say what failed, and count.
#
# Suites: unit sanitizers fuzz end_to_end browser truth (all without an
# argument).
# --quick: less than two minutes, in a tree that is built: a slice of unit,
# end_to_end and truth, and nothing is installed. It says what it leaves out.
# Tests that are driven through a terminal or a browser are tried once more when
# they fail. What passes then is called unsteady at the end: it did fail, but not
# for good. No other test is ever tried again: what is wrong, lost or unsafe once
# is so.
# FUZZ_SECONDS: time of each fuzz target (60). JOBS: parallel
# builds, and tests that may run side by side.
set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source=.ci/packages.sh
. .ci/packages.sh

usage() {
	sed -n '3,15s/^# \{0,1\}//p' "$0"
}

install=yes quick=
suites=()
for argument; do
	case $argument in
	--no-install) install=no ;;
	--quick) quick=yes install=no ;;
	-h | --help) usage; exit 0 ;;
	unit | sanitizers | fuzz | end_to_end | browser | truth) suites+=("$argument") ;;
	*) usage >&2; exit 2 ;;
	esac
done
if [ ${#suites[@]} = 0 ]; then
	suites=(unit sanitizers fuzz end_to_end browser truth)
	[ -z "$quick" ] || suites=(unit end_to_end truth)
fi

# Of the inner loop. What is slow and seldom tells more than the rest does;
slow="tests/unwind/python/test_single_step tests/schema/flame_browser.sh
tests/schema/show/exports.sh tests/web/api/conform.sh tests/web/ui/run.sh
tests/web/sql/attacks.sh tests/schema/store/test_store_kill
tests/schema/store/test_store_speed tests/schema/store/test_store_crash
tests/schema/store/test_retention tests/packaging/completions.sh
tests/packaging/install.sh"
# what meets most of the program in a few seconds;
quick_parts="recording reading refusals"
# and one interpreter of each generation: frames as objects, in chunks with a
# cframe, with an entry frame, with debug offsets, with tagged pointers.
quick_pythons="3.8.18 3.11.7 3.12.1 3.13.0 sid-3.14"

# Tests that sample nothing and heed no clock: they may run side by side. All
# others, and so each new one, run one at a time, for others beside them would
# change what they see.
beside='tests/(style/.*|packaging/completions.sh|web/ui/run.sh|web/api/test_answers'
beside+='|unwind/(native/.*|python/test_(single_step|line_table))'
beside+='|replay/test_(sample_file|images|replay.sh)'
beside+='|schema/(test_.*|read/.*|show/(exports.sh|test_[^f].*)|store/test_(store|store_merge)))'
# Of those the one that takes longest begins.
longest=tests/unwind/python/test_single_step

FUZZ_SECONDS=${FUZZ_SECONDS:-60}
JOBS=${JOBS:-$(nproc)}
logs=$PWD/build-check/logs
passed=0 failed=0 skipped=0 unsteady=0
# The parts that are tried again; more failures than so many are no accident.
driven='top|views|steering|lanes|tasks|pace|readers'
accidents=6
mkdir -p "$logs"
: >"$logs/failed"
: >"$logs/unsteady"

say() {
	printf '\n==> %s (%d s)\n' "$*" "$SECONDS"
}

# fail LINE: says it now, and again at the end.
fail() {
	echo "FAIL $*" | tee -a "$logs/failed"
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
	fail "$name: $logs/$name.log ends in"
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
		fail "${log##*build-check/}"
		sed -n 's/^\[  FAILED  \] \([a-z].*\)/    \1/p' "$log" |
			sort -u >>"$logs/failed"
		# What was asserted comes first: the end may be full of leaks of a
		# test that was left in its middle.
		grep -E '^\[ +(ERROR|LINE) ' "$log" | head -20
		grep -vE '^\[ (RUN| +(OK|ERROR|LINE)) ' "$log" | tail -20
		count "${ok:-0}" "${bad:-1}" "${none:-0}"
	fi
}

# What make would run in FOLDER, a word a line.
make_tests() {
	# shellcheck disable=SC2016 # make's own
	printf 'include Makefile\nsay-tests:; @echo $(TESTS)\n' |
		make -s -C "$1" --no-print-directory -f - say-tests |
		tr ' ' '\n'
}

# The tests to run in FOLDER, as far as they were built, without the slow ones
# where that was asked for.
chosen_tests() {
	if [ -f "$1/partly-built" ]; then
		(cd "$1" && find tests -name 'test_*' -type f -perm -1 ! -name '*.*')
	else
		make_tests "$1"
	fi | if [ -n "$quick" ]; then
		grep -vxF "$(tr ' ' '\n' <<<"$slow")"
	else
		cat
	fi
}

# split_tests BESIDE ALONE: the tests of its input go to these files.
split_tests() {
	local tests
	tests=$(grep .)
	{
		grep -xF "$longest" <<<"$tests"
		grep -xE "$beside" <<<"$tests" | grep -vxF "$longest"
	} >"$1"
	grep -vxE "$beside" <<<"$tests" >"$2"
}

# run_these FOLDER JOBS FILE: the tests that FILE names.
run_these() {
	local only=("TESTS=$(tr '\n' ' ' <"$3")")
	[ -s "$3" ] || return 0
	[ ! -f "$1/partly-built" ] || only+=(check_PROGRAMS=)
	make -k -C "$1" -j"$2" check-TESTS "${only[@]}"
}

run_tests() {
	local folder=build-check/$1 log
	local split=$logs/tests-$1
	chosen_tests "$folder" | split_tests "$split-beside" "$split-alone"
	find "$folder/tests" -name '*.trs' -delete
	{
		run_these "$folder" "$JOBS" "$split-beside"
		run_these "$folder" 1 "$split-alone"
	} >"$logs/check-$1.log" 2>&1
	rm -f "$folder/partly-built"
	while read -r log; do
		count_log "$log"
	done < <(find "$folder/tests" -name '*.trs' | sort | sed 's/trs$/log/')
}

# The counts in the closing line "NAME: N passed, N failed, N skipped".
count_closing() {
	local name=$1 log=$2 status=$3 line
	grep -E '^(not ok|FAIL) ' "$log" | cut -c1-300 >>"$logs/failed"
	line=$(grep -E '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" |
		tail -1)
	if [ -z "$line" ]; then
		fail "$name: no counts at the end of $log (status $status)"
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

# run_script NAME [ARGUMENT...]: tests/NAME/run.sh, on the program that people
# will use.
run_script() {
	local name=$1 log=$logs/${1##*/}.log status
	shift
	[ -x build-check/plain/brindle ] || build plain --enable-werror || return
	BRINDLE=$PWD/build-check/plain/brindle "tests/$name/run.sh" "$@" 2>&1 |
		tee "$log"
	status=${PIPESTATUS[0]}
	case $name in
	end_to_end | web/browser) try_parts_again "$name" "$log" || return 0 ;;
	esac
	count_closing "${name##*/}" "$log" "$status"
}

# The parts of a script's log in which a test failed. Each part closes with
# "# PART: N s".
failed_parts() {
	awk '/^(not ok|FAIL) / { bad = 1 }
		/^# [a-z_]+: [0-9]+ s$/ { if (bad) print $2; bad = 0 }' "$1" | tr -d :
}

# try_parts_again NAME LOG: the parts that failed, if they are few. It fails when
# all is counted: nothing failed for good.
try_parts_again() {
	local name=$1 log=$2 again=${2%.log}-again.log parts line
	mapfile -t parts < <(failed_parts "$log")
	line=$(grep -cE '^(not ok|FAIL) ' "$log")
	[ "$line" -gt 0 ] && [ "$line" -le $accidents ] && [ ${#parts[@]} -gt 0 ] ||
		return 0
	printf '%s\n' "${parts[@]}" | grep -vqxE "$driven" && return 0
	echo "again: ${parts[*]}"
	BRINDLE=$PWD/build-check/plain/brindle PARTS="${parts[*]}" \
		"tests/$name/run.sh" 2>&1 | tee "$again"
	[ "${PIPESTATUS[0]}" -eq 0 ] || return 0
	grep -E '^(not ok|FAIL) ' "$log" | cut -c1-300 >>"$logs/unsteady"
	unsteady=$((unsteady + line))
	line=$(grep -E ' passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -1)
	# shellcheck disable=SC2046 # three numbers, of which one is told apart
	set -- $(grep -oE '[0-9]+ (passed|failed|skipped)' <<<"$line" |
		tail -3 | cut -d' ' -f1)
	count "$1" 0 "$3"
	return 1
}

suite_end_to_end() {
	say "every command, as a user meets it"
	PARTS=${quick:+$quick_parts} run_script end_to_end
}

suite_browser() {
	say "the dashboard in a browser"
	run_script web/browser
}

# A fifth of a second a cell, where make soak-truth has minutes.
quick_truth() {
	local python arguments=()
	say "a slice of the truth tests"
	for python in $quick_pythons; do
		arguments+=(--python "$python")
	done
	run_script truth soak --samples 1000 --matrix-only \
		--out build-check/truth-quick.md --program grammar \
		--program "shared helper" --program "short-lived code" \
		"${arguments[@]}"
}

suite_truth() {
	if [ -n "$quick" ]; then
		quick_truth
		return
	fi
	say "interpreters that Debian stable does not have"
	if [ "$install" = yes ]; then
		tests/interpreters.sh
	else
		tests/interpreters.sh --list
	fi
	say "truth tests on real interpreters"
	run_script truth
}

say_pythons() {
	local root=${PYENV_ROOT:-$HOME/.pyenv} version
	for version in 3.6.15 3.7.16 3.8.18 3.9.18 3.10.13 3.11.7 3.12.1 3.13.0; do
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
	install_ui_packages
fi
say_pythons
if [ -x configure ] || step autogen ./autogen.sh; then
	for suite in "${suites[@]}"; do
		"suite_$suite"
	done
fi
say "logs are in build-check/logs"
if [ -n "$quick" ]; then
	echo "left out by --quick: sanitizers, fuzz targets, the dashboard in a" \
		"browser; of unit:" ${slow} "; all of end_to_end but $quick_parts;" \
		"of truth all but three programs on" $quick_pythons
fi
if [ -s "$logs/failed" ]; then
	echo "what failed:"
	sed 's/^/  /' "$logs/failed"
fi
if [ -s "$logs/unsteady" ]; then
	echo "unsteady, failed once and passed when tried again:"
	sed 's/^/  /' "$logs/unsteady"
fi
echo "$passed passed, $failed failed, $skipped skipped, $unsteady unsteady"
[ "$failed" -eq 0 ]
