#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many processes: churn, exec swaps, reused pids; and what each is called.

# Memory is needed for what waits, which is more on a host that is busy.
check_crowds() {
	local line name test
	timeout 120 python3 "$here/../bench/churn.py" --short \
		--brindle ./brindle churn swap reuse threads >crowds.txt 2>&1
	status=$? out=$(cat crowds.txt) err=
	expect "crowds: were measured" grep -q '^ok' crowds.txt
	while IFS= read -r line; do
		name=${line#not }
		name=${name#ok }
		case $line in
		skip*) skip "crowds" "${line#skip }" ;;
		*)
			test=expect
			[[ $name != *'bytes for each'* ]] || test=timely
			$test "crowds: ${name%: *}" [ "${line%% *}" = ok ]
			;;
		esac
	done < <(grep -E '^(ok|not ok|skip) ' crowds.txt)
}

check_labels() {
	cp spinner labelled
	./labelled 0 --password=hunter2 & local pid=$!
	(exec -a kid ./labelled 0) & local kid=$!
	BRINDLE_CANARY=canary-of-the-environment ./labelled 0 & local third=$!
	run 20 ./brindle record -a -d 1.5 -o labels.db
	kill $pid $kid $third
	wait $pid $kid $third 2>/dev/null
	label() {
		sqlite3 -readonly labels.db "SELECT $1 FROM v_sample
			WHERE pid = $2 LIMIT 1"
	}
	expect "labels: command line, secrets masked" \
		[ "$(label command_line $pid)" = "./labelled 0 --password=***" ]
	expect "labels: command line of another name" \
		[ "$(label command_line $kid)" = "kid 0" ]
	expect "labels: executable" \
		[ "$(label executable $pid)" = "$work/labelled" ]
	expect "labels: user" [ "$(label user $pid)" = "$(id -un)" ]
	expect "labels: cgroup" \
		grep -qF ":$(label cgroup $pid)" /proc/self/cgroup
	expect "labels: never the environment" \
		bash -c '! grep -q canary-of-the-environment labels.db*'
}

# The main thread has ended and another goes on.
check_leaderless() {
	cat >leaderless.py <<'END'
import ctypes, sys, threading
def spin_on():
    x = 0
    while True:
        x += 1
def follow():
    spin_on()
threading.Thread(target=follow, daemon=True).start()
ctypes.CDLL(None).pthread_exit(None)
END
	$python leaderless.py & local pid=$!
	for _ in $(seq 50); do
		grep -q '^State:.Z' /proc/$pid/status && break
		sleep 0.1
	done
	run 20 ./brindle record -a -d 2 -o leaderless.db
	kill -9 $pid
	wait $pid 2>/dev/null
	expect "leaderless: Python is read" at_least 20 "SELECT count(*)
		FROM v_sample WHERE pid = $pid AND trust = 'proven'" \
		leaderless.db
	expect "leaderless: frames" at_least 1 "SELECT count(*) FROM
		v_frame_of_callsite WHERE function = 'follow'" leaderless.db
}

check_processes() {
	check_labels
	check_leaderless
	patiently check_crowds
}
