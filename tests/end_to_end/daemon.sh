# SPDX-License-Identifier: Apache-2.0
# The daemon's life: starting, being asked, told again, doubled, stopped.

cat > manager.py <<'END'
# A service manager's ear: prints what the daemon says to NOTIFY_SOCKET.
import os, socket, sys
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True:
    print(ear.recv(4096).decode(), flush=True)
END

# within SECONDS COMMAND...: asks again until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

daemon_pid=
daemon_db=state/brindle.db

# The daemon, as a user of its own when we are root.
start_daemon() {
	local as=()
	[ "$(id -u)" != 0 ] || as=(--user nobody)
	NOTIFY_SOCKET=$work/notify.sock WATCHDOG_USEC=1000000 \
		./brindle daemon --config daemon.conf "${as[@]}" "$@" \
		2>>daemon.log &
	daemon_pid=$!
	err=$(cat daemon.log)
}

stop_daemon() {
	local before=${EPOCHREALTIME/./} after
	kill -TERM "$daemon_pid"
	wait "$daemon_pid"
	status=$?
	after=${EPOCHREALTIME/./}
	stop_ms=$(((after - before) / 1000))
	err=$(cat daemon.log)
}

write_config() {
	printf '[store]\ndb = %s\n[sampling]\n%s\n[web]\nport = 0\n' \
		"$work/$daemon_db" "$1" >daemon.conf
}

status_has() {
	./brindle status --json --db $daemon_db >status.json
	$python -c 'import json, sys
status = json.load(open("status.json"))
sys.exit(not eval(sys.argv[1], {}, status))' "$1"
}

said() {
	grep -q "$1" notify.log
}

# priority_of NAME: "PRIORITY POLICY" of the daemon's threads of that name, by
# the numbers of sched_setscheduler(2): 1 is SCHED_FIFO.
priority_of() {
	local tasks
	tasks=$(pgrep -P "$daemon_pid" | sed 's|.*|/proc/&/task/*/stat|')
	# shellcheck disable=SC2086 # patterns
	sed -n "s/^[0-9]* ($1) //p" $tasks 2>/dev/null | cut -d' ' -f38,39 |
		sort -u
}

# Before all that is not real-time, if the capture threads are.
check_daemon_threads() {
	if [ "$(priority_of 'capture.*' | cut -d' ' -f2)" != 1 ]; then
		skip "daemon: threads" "no real-time priority here"
		return
	fi
	expect "daemon: who keeps room in the rings is real-time" \
		[ "$(priority_of rings)" = "1 1" ]
}

check_daemon_start() {
	write_config "frequency = 199"
	start_daemon
	expect "daemon: says that it is ready" within 5 said READY=1
	expect "daemon: gives signs of life" within 5 said WATCHDOG=1
	expect "daemon: stores samples" within 5 at_least 100 \
		"SELECT count(*) FROM sample" $daemon_db
	expect "status: running" status_has 'running and pid > 0'
	expect "status: the rate" status_has 'wanted_hz == 199'
	run 10 ./brindle status --db $daemon_db
	expect "status: in words" grep -q 'running for' out.txt
	expect "daemon: itself is in the profile" within 5 at_least 1 "SELECT
		count(*) FROM v_sample WHERE process LIKE 'brindle-s%'" $daemon_db
}

check_second_daemon() {
	local holder
	holder=$(cat $daemon_db.lock)
	run 10 ./brindle daemon --config daemon.conf --user nobody
	expect "second daemon: refused, with the pid of the first" \
		fails 1 "process $holder is writing it"
	run 10 ./brindle prune --older-than 1d --db $daemon_db
	expect "prune: left to the daemon that runs" fails 1 "$holder"
	run 10 ./brindle check --db $daemon_db
	expect "check: beside the daemon" works 'sound'
}

check_reload() {
	write_config "frequency = 49$(printf '\n%s' '[store]' \
		'keep_samples = 2h' 'max_size = 64M' '[privacy]' 'mask = sesame')"
	kill -HUP $daemon_pid
	expect "reload: told to the manager" within 5 said RELOADING=1
	expect "reload: a new rate" within 5 \
		grep -q 'read the configuration again' daemon.log
	expect "reload: limits of the store are told" within 5 \
		status_has 'limit_bytes == 64 << 20'
	expect "reload: and of each level" within 5 at_least 7200 "SELECT value
		FROM health WHERE name = 'keep_sample_seconds'
		AND value = 7200 ORDER BY session_id DESC LIMIT 1" $daemon_db
	$python -c 'while True: pass' --sesame=open --token=shut &
	local secret=$!
	expect "reload: other secrets are masked" within 10 at_least 1 "SELECT
		count(*) FROM v_process WHERE pid = $secret AND
		command_line LIKE '%--sesame=*** --token=shut%'" $daemon_db
	kill $secret
	wait $secret 2>/dev/null
	expect "reload: the rate is in force" within 15 \
		status_has 'frequency_hz == 49'
	expect "reload: and what is asked for" status_has 'wanted_hz == 49'
	write_config "frequency = fast"
	kill -HUP $daemon_pid
	expect "reload: a wrong one is refused with its line" within 5 grep -q \
		"daemon.conf:4: frequency: expected a number from 1 to 10000" \
		daemon.log
	expect "reload: and is a problem" within 5 status_has \
		'any("daemon.conf:4" in text for text in problems)'
	mv daemon.conf written.conf
	cp written.conf daemon.conf
	kill -HUP $daemon_pid
	expect "reload: of one that was replaced there is a word" within 5 \
		grep -q "daemon.conf.*replaced is read with the next restart" \
		daemon.log
	mv written.conf daemon.conf
	write_config "frequency = 99"
	kill -HUP $daemon_pid
	expect "reload: until it is right" within 5 at_least 1 "SELECT count(*)
		FROM incident WHERE kind = 'config' AND end_id IS NOT NULL" \
		$daemon_db
}

# Excluded from the database, and secrets not in it.
check_privacy() {
	write_config "exclude = spinner"
	$python -c 'while True: pass' --password=hunter2 &
	local secret=$!
	kill -HUP $daemon_pid
	expect "privacy: read again" within 5 \
		eval '[ "$(grep -c "configuration again" daemon.log)" -ge 3 ]'
	expect "privacy: a command line is there, its secret is not" within 10 \
		at_least 1 "SELECT count(*) FROM v_process WHERE
		pid = $secret AND command_line LIKE '%--password=***%'" \
		$daemon_db
	expect "privacy: excluded samples are counted" within 10 at_least 10 \
		"SELECT value FROM v_health WHERE name = 'rejected_excluded'" \
		$daemon_db
	kill $secret
	wait $secret 2>/dev/null
	write_config "frequency = 99"
	kill -HUP $daemon_pid
}

check_record_beside() {
	local before after
	before=$(count "SELECT max(id) FROM sample" $daemon_db)
	run 20 ./brindle record -F 199 -o beside.db -- ./spinner 1000
	expect "record beside the daemon: its own file" at_least 10 \
		"SELECT count(*) FROM sample" beside.db
	after=$(count "SELECT max(id) FROM sample" $daemon_db)
	expect "record beside the daemon: the daemon goes on" \
		[ "$after" -gt "$before" ]
}

check_daemon_stop() {
	local stopped
	stopped=${EPOCHREALTIME/./}
	stop_daemon
	expect "daemon: ends with 0" [ "$status" = 0 ]
	expect "daemon: stops in 2 s ($stop_ms ms)" [ "$stop_ms" -le 2000 ]
	expect "daemon: the last interval is there" at_least 1 "SELECT
		count(*) FROM v_sample WHERE wall_ns > (${stopped} - 200000)
		* 1000" $daemon_db
	expect "daemon: told the manager" said STOPPING=1
	expect "daemon: the file is sound" \
		[ "$(count 'PRAGMA integrity_check' $daemon_db)" = ok ]
	run 10 ./brindle status --db $daemon_db
	expect "status: not running" [ "$status" = 1 ]
	expect "status: says so" grep -q 'not running' out.txt
}

# What a reload no longer wants to keep goes. The past is put back, so that what
# there is becomes old.
check_reload_retention() {
	local kept
	sqlite3 $daemon_db "UPDATE clock SET wall_ns = wall_ns - 7200000000000"
	kept=$(count 'SELECT max(id) FROM sample' $daemon_db)
	start_daemon
	expect "retention: single samples of two hours ago are kept" within 5 \
		at_least 1 "SELECT count(*) FROM sample WHERE id <= $kept AND
		(SELECT max(id) FROM sample) > $kept" $daemon_db
	write_config "$(printf '\n%s' '[store]' 'keep_samples = 1h')"
	kill -HUP $daemon_pid
	expect "retention: until a reload says one hour" within 15 at_least 1 \
		"SELECT NOT EXISTS (SELECT 1 FROM sample WHERE id <= $kept)" \
		$daemon_db
	expect "retention: not those of now" at_least 1 \
		"SELECT count(*) FROM sample" $daemon_db
	expect "retention: whose sums stay" at_least 1 \
		"SELECT count(*) FROM rollup_10s" $daemon_db
	write_config "frequency = 99"
	stop_daemon
}

first_sample_ms() {
	echo $(($(count "SELECT min(wall_ns) / 1000 FROM v_sample WHERE
		wall_ns > $1 * 1000" $daemon_db) - $1))
}

check_restart() {
	local started us sessions
	sessions=$(count 'SELECT count(*) FROM session' $daemon_db)
	started=${EPOCHREALTIME/./}
	start_daemon
	expect "restart: samples again" within 5 at_least 1 "SELECT count(*)
		FROM v_sample WHERE wall_ns > $started * 1000" $daemon_db
	us=$(first_sample_ms "$started")
	timely "restart: first sample within 300 ms ($((us / 1000)) ms)" \
		[ "$us" -le 300000 ]
	stop_daemon
	expect "restart: one more session in the file" [ "$(count \
		'SELECT count(*) FROM session' $daemon_db)" = $((sessions + 1)) ]
}

check_by_hand() {
	run 20 ./brindle check --db $daemon_db
	expect "check: sound" works 'sound'
	run 20 ./brindle prune --bytes 0 --db $daemon_db
	expect "prune: wants a size" fails 2 'bytes'
	run 20 ./brindle vacuum --db $daemon_db
	expect "vacuum: done" [ "$status" = 0 ]
	head -c 200000 $daemon_db >broken.db
	run 20 ./brindle check --db broken.db
	expect "check: a cut file is not" [ "$status" = 1 ]
}

# lost_of WHAT: "SAMPLES RECORDS" of the latest session. The first two numbers in
# the words of an incident.
lost_of() {
	local since="(SELECT start_id FROM session ORDER BY id DESC LIMIT 1)"
	case $1 in
	health) count "SELECT (SELECT value FROM v_health
		WHERE name = 'lost_samples') || ' ' || (SELECT value
		FROM v_health WHERE name = 'lost_records')" $daemon_db ;;
	vitals) count "SELECT sum(lost) || ' ' || sum(lost_records)
		FROM v_vitals WHERE vitals_id > $since" $daemon_db ;;
	incidents) count "SELECT sum(CAST(detail AS INTEGER)) || ' ' ||
		sum(CAST(substr(detail, instr(detail, ' and ') + 5) AS INTEGER))
		FROM v_incident WHERE kind = 'lost' AND start_id > $since" \
		$daemon_db ;;
	esac
}

# Rings too small for what comes, in a store of its own. Whoever tells what was
# lost tells the same, of the time it says.
check_losses() {
	local daemon_db=state/flood.db lost samples records
	write_config "$(printf '%s\n' 'frequency = 10000' 'stack_size = 65528' \
		'events = cpu-clock,page-faults')"
	./spinner 0 & local one=$!
	$python -c 'while True: [bytes(5000) for _ in range(8000)]' & local two=$!
	start_daemon
	within 20 at_least 1 "SELECT value FROM v_health
		WHERE name = 'lost_samples'" $daemon_db
	kill -HUP $daemon_pid # a reload forgets nothing
	sleep 3
	stop_daemon
	kill $one $two
	wait $one $two 2>/dev/null
	lost=$(lost_of health)
	samples=${lost% *} records=${lost#* }
	err="health $lost, vitals $(lost_of vitals), incidents $(lost_of incidents)"
	expect "losses: some" [ "$samples" -gt 0 ]
	expect "losses: vitals tell as many" [ "$(lost_of vitals)" = "$lost" ]
	expect "losses: incidents tell as many" \
		[ "$(lost_of incidents)" = "$lost" ]
	expect "losses: vitals tell of every sample" at_least 1 "SELECT
		(SELECT sum(samples) FROM v_vitals) =
		(SELECT value FROM v_health WHERE name = 'samples')" $daemon_db
	expect "losses: the account adds up" adds_up $daemon_db
	expect "losses: status tells as many" status_has "(total_lost,
		total_lost_records) == ($samples, $records) == (day_lost,
		day_lost_records)"
	run 10 ./brindle report --json --from @0 --db $daemon_db
	expect "losses: report tells as many" $python -c '
import json, sys
told = json.load(open("out.txt"))
sys.exit([told["lost"], told["lost_records"]] != list(map(int, sys.argv[1:])))' \
		"$samples" "$records"
	write_config "frequency = 49"
	start_daemon
	within 5 at_least 2 "SELECT count(*) FROM session" $daemon_db
	stop_daemon
	lost=$(lost_of health)
	expect "losses: a restart begins anew" [ "${lost% *}" -lt "$samples" ]
	expect "losses: but the day goes on" status_has "(day_lost,
		day_lost_records) == ($samples + total_lost,
		$records + total_lost_records) and total_lost == ${lost% *}"
	write_config "frequency = 99"
}

check_bad_config() {
	write_config "frequency = fast"
	run 10 ./brindle daemon --config daemon.conf
	expect "configuration: file, line, what was expected, exit 2" fails 2 \
		'daemon.conf:4: frequency: expected a number from 1 to 10000'
	run 10 ./brindle daemon --config nosuch.conf
	expect "configuration: a named one must be there" fails 1 'nosuch.conf'
	run 10 ./brindle daemon --check-config --config daemon.conf
	expect "configuration: checked alone" fails 2 'daemon.conf:4'
}

check_daemon() {
	check_bad_config
	if [ "$(id -u)" != 0 ]; then
		skip "daemon" "needs root"
		return
	fi
	mkdir -p state && chown nobody state && chmod 700 state
	chmod 755 .
	$python manager.py notify.sock >notify.log &
	local manager=$!
	./spinner 0 & local spinner=$!
	within 5 [ -S notify.sock ]
	check_daemon_start
	check_daemon_threads
	check_second_daemon
	check_reload
	check_privacy
	check_record_beside
	check_daemon_stop
	check_reload_retention
	patiently check_restart
	check_by_hand
	check_losses
	kill $manager $spinner
	wait $manager $spinner 2>/dev/null
}
