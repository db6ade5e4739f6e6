# SPDX-License-Identifier: Apache-2.0
# brindle top, in a terminal of tmux's: keys go in, the screen is read.
# shellcheck shell=bash

# Each top is shown by a server of its own: no setting or session of the user's
# is met, nor the server before, which takes a moment to go.
top_servers=0
screen() {
	tmux -L "brindle-$$-$top_servers" -f /dev/null "$@"
}

# see PATTERN [SECONDS]: the screen shows it before long; out and err tell.
see() {
	local end=$((SECONDS + ${2:-10}))
	while [ $SECONDS -le $end ]; do
		out=$(screen capture-pane -p -t top 2>&1) || break
		grep -qE -- "$1" <<<"$out" && status=0 && return 0
		sleep 0.1
	done
	err="not on the screen: $1"
	status=1
	return 1
}

see_not() {
	see "functions" && ! grep -qE -- "$1" <<<"$out"
}

keys() {
	screen send-keys -t top "$@"
}

first_row() {
	screen capture-pane -p -t top | grep -A1 -E '^ +SELF +TOTAL' |
		tail -1 | grep -qE -- "$1"
}

# start_top LOCALE OPTION...
start_top() {
	local locale=$1 u=()
	shift
	[ "$locale" = C ] || u=(-u)
	top_servers=$((top_servers + 1))
	screen "${u[@]}" new-session -d -s top -x 110 -y 30 \
		"LC_ALL=$locale ./brindle top $* 2>top.err; echo ended \$?;
		sleep 60"
}

end_top() {
	screen kill-server 2>/dev/null
}

check_top_keys() {
	expect top_header see '99 Hz cpu-clock . [0-9]+ samples/s . proven'
	expect top_rows see 'python (fib|work)' 15
	expect top_trend see '[▁▂▃▄▅▆▇█] (python|native)'
	expect top_hint see '\? help .* q quit'
	keys '?'
	expect top_help see 'Space +stand still'
	keys x
	keys l
	expect top_python_only see 'Python only'
	expect top_no_native see_not ' native '
	keys 2
	expect top_by_total see 'by total'
	expect top_root_first first_row '100\.0% .*(<module>|work)'
	keys w
	expect top_window see 'last 30 s'
	keys / f i b Enter
	expect top_filter see "filter 'fib'"
	expect top_filtered_row see 'python fib'
	expect top_filtered see_not 'python work'
	keys Enter
	expect top_sandwich see 'callers and callees of fib'
	expect top_caller see 'python work'
	keys Escape Escape
	expect top_back see 'python work'
	keys Space
	expect top_paused see PAUSED
	keys Space l
	expect top_native_only see 'native only'
	keys v
	expect top_processes see 'PID PROCESS'
	keys v
	expect top_threads see 'TID THREAD'
	screen resize-window -t top -x 60 -y 12
	expect top_narrow see 'TREND 10 s +TID THREAD'
	screen resize-window -t top -x 150 -y 40
	expect top_wide see 'TREND 20 s'
	keys q
	expect top_ends see 'ended 0'
}

check_top_terminal() {
	start_top C -p "$1"
	expect top_ascii see 'python (fib|work)' 15
	expect top_ascii_only see '[.=#-] (python|native)'
	keys C-c
	expect top_interrupt see 'ended 0'
	end_top
	expect top_leaves_nothing test -z "$(ls -d "$work"/brindle-top* 2>&1 |
		grep -v 'No such')"
}

check_top_once() {
	run 20 ./brindle top --once -p "$1" -w 1
	expect top_once works 'python (fib|work)'
	expect top_once_ends test ! -s err.txt
	run 20 ./brindle top --json -p "$1" -w 1 -n 3
	timely top_json python3 -c 'import json, sys
top = json.load(open("out.txt"))
assert len(top["rows"]) == 3 and top["samples"] > 20, top
assert top["trust"]["proven"] + top["trust"]["unproven"] > 0'
	run 20 ./brindle record -p "$1" -d 1 -o top.db
	run 20 ./brindle top --once --db top.db --view processes
	expect top_of_file works "$1 python3"
	run 20 ./brindle top --once --db top.db --process nobody
	expect top_of_nobody works '0 samples/s'
	run 20 ./brindle top --once --db top.db -e nothing
	expect top_no_event fails 2 "no event 'nothing'"
	run 20 ./brindle top --once --db none.db
	expect top_no_file fails 1 'no profile'
	run 20 ./brindle top --sort up
	expect top_bad_sort fails 2 'self, total, trend, name'
	run 20 ./brindle top -p 999999999
	expect top_bad_pid fails '1|2' 'pid|process'
}

check_top() {
	local busy
	if ! command -v tmux >/dev/null; then
		skip top 'tmux is missing'
		return
	fi
	cat >top_busy.py <<-'END'
	import time
	def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
	def work(): return fib(18), sorted(range(5000), key=str)
	end = time.time() + 120
	while time.time() < end: work()
	END
	export TMPDIR=$work BRINDLE_DB=$work/no-daemon.db
	$python top_busy.py &
	busy=$!
	start_top C.UTF-8 -p $busy
	check_top_keys
	end_top
	check_top_terminal $busy
	patiently check_top_once $busy
	kill $busy
	wait $busy 2>/dev/null
	unset TMPDIR BRINDLE_DB
}
