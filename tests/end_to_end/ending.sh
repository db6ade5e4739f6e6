# SPDX-License-Identifier: Apache-2.0
# The ways a recording ends: each keeps what was recorded.

# Starts a recording of @1 that lasts, and waits until it has stored samples.
start_recording() {
	rm -f end.db*
	setsid ./brindle record -F 199 -o end.db "$@" >out.txt 2>err.txt &
	recorder=$!
	local i
	for i in $(seq 100); do
		[ "$(count 'SELECT count(*) FROM v_sample' end.db \
			2>/dev/null)" -gt 50 ] 2>/dev/null && return
		sleep 0.1
	done
}

end_recording() {
	kill -"$1" $recorder
	local i
	for i in $(seq 50); do
		kill -0 $recorder 2>/dev/null || break
		sleep 0.1
	done
	wait $recorder
	status=$?
	err=$(cat err.txt)
}

check_signals() {
	local signal
	./spinner 0 & local target=$!
	for signal in INT TERM; do
		start_recording -p $target
		end_recording $signal
		expect "SIG$signal ends -p: status 0" [ "$status" = 0 ]
		expect "SIG$signal ends -p: kept" \
			at_least 50 "SELECT count(*) FROM v_sample" end.db
		expect "SIG$signal ends -p: one file" [ ! -e end.db-wal ]
		expect "SIG$signal ends -p: target runs" kill -0 $target
	done
	start_recording -p $target
	kill -9 $recorder
	wait $recorder 2>/dev/null
	status=killed
	expect "kill -9: the file opens and has samples" \
		at_least 50 "SELECT count(*) FROM v_sample" end.db
	expect "kill -9: intact" \
		[ "$(sqlite3 end.db 'PRAGMA integrity_check')" = ok ]
	run 10 ./brindle report --db end.db
	expect "kill -9: report reads it" works 'c_spin'
	kill -9 $target
	wait $target 2>/dev/null
}

check_target_ends() {
	./spinner 1500 &
	run 20 ./brindle record -p $! -o gone.db
	expect "target ends: so does the recording" [ "$status" = 0 ]
	timely "target ends: kept" \
		at_least 50 "SELECT count(*) FROM v_sample" gone.db
	run 20 ./brindle record -o sig.db -- bash -c 'kill -TERM $$'
	expect "command dies of a signal: 128 + n" [ "$status" = 143 ]
	run 20 ./brindle record -d 1 -o dur.db -- ./spinner 3000
	expect "-d: status is the command's" [ "$status" = 0 ]
	timely "-d: ends the recording, not the command" [ "$(count "SELECT
		max(time_ns) - min(time_ns) < 1500000000 FROM v_sample" \
		dur.db)" = 1 ]
}

check_ending() {
	check_signals
	patiently check_target_ends
}
