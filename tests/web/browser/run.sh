#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard in a real browser: every view of a recording and of a live
# store, by mouse and keyboard, in both themes, at two widths; with names that
# are meant to do harm; whether web/dist is what the sources make, and how large
# it is; and exports in the programs that they are for.
# Last line: "browser: P passed, F failed, S skipped".
#
# usage: run.sh [--screenshots FOLDER] [BRINDLE [WORD]]; a WORD chooses suites
# PARTS: several words.
here=$(cd "$(dirname "$0")" && pwd)
ui=$here/../../../web/ui
shots=
if [ "${1:-}" = --screenshots ]; then
	mkdir -p "$2" && shots=$(realpath "$2")
	shift 2
fi
brindle=$(realpath "${1:-${BRINDLE:-./brindle}}")
word=${2:-${PARTS:-}}
chromium=$(command -v chromium || command -v chromium-browser)
work=$(mktemp -d /tmp/brindle-browser-XXXXXX)
chmod 755 "$work"
children=()

cleanup() {
	for child in "${children[@]}"; do
		kill "$child" 2>/dev/null
	done
	wait
	rm -rf "$work"
}
trap cleanup EXIT

skip() {
	echo "skip: $*"
	echo "browser: 0 passed, 0 failed, 1 skipped"
	exit 0
}

fail() {
	echo "FAIL $*"
	echo "browser: 0 passed, 1 failed, 0 skipped"
	exit 1
}

[ -n "$chromium" ] || skip "no chromium here"
command -v node >/dev/null || skip "no node here"
[ -d "$ui/node_modules/playwright-core" ] ||
	(cd "$ui" && npm ci --no-audit --no-fund >"$work/npm.log" 2>&1) ||
	skip "npm cannot fetch what web/ui/package.json names"

# serve NAME FILE OPTION...: an address in the variable NAME.
serve() {
	local -n address=$1
	local log=$work/$1.log file=$2
	shift 2
	"$brindle" serve --port 0 "$@" "$file" >"$log" 2>&1 &
	children+=($!)
	for _ in $(seq 100); do
		address=$(grep -oE 'http://[^ ]+' "$log" | head -1)
		[ -z "$address" ] || return 0
		sleep 0.1
	done
	cat "$log"
	return 1
}

cp "$here/workload.py" "$work"
"$brindle" record -F 499 -o "$work/recording.db" -- \
	python3 "$work/workload.py" 3 >"$work/record.log" 2>&1 ||
	fail "record: $(tail -1 "$work/record.log")"
"$brindle" record -o "$work/short.db" -- python3 -c pass \
	>"$work/record.log" 2>&1
live=
if [ "$(id -u)" -eq 0 ]; then
	mkdir "$work/store" && chown nobody "$work/store"
	python3 "$work/workload.py" 600 &
	children+=($!)
	"$brindle" daemon --user nobody --db "$work/store/live.db" \
		--foreground >"$work/daemon.log" 2>&1 &
	children+=($!)
	for _ in $(seq 50); do
		[ ! -s "$work/store/live.db" ] || break
		sleep 0.1
	done
	serve live "$work/store/live.db" --no-token ||
		fail "serve of a live store"
fi
serve recording "$work/recording.db" --no-token || fail "serve"
serve locked "$work/recording.db" || fail "serve with a token"
hostile=
maker=$(dirname "$brindle")/tests/schema/show/make_hostile
if [ -x "$maker" ]; then
	"$maker" "$work/hostile.db" >"$work/names.json" &&
		serve hostile "$work/hostile.db" --no-token ||
		fail "serve of hostile names"
fi

NODE_PATH=$ui/node_modules node "$here/main.mjs" --chromium "$chromium" \
	--ui "$ui" --recording "$recording" --live "$live" --locked "$locked" \
	--screenshots "$shots" --word "$word" --brindle "$brindle" \
	--profile "$work/recording.db" --hostile "$hostile" \
	--hostile-profile "${hostile:+$work/hostile.db}" \
	--hostile-names "$work/names.json"
