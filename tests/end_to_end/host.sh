# SPDX-License-Identifier: Apache-2.0
# What happens to the host under a recording: CPUs go and come back, and a
# reader of memory meets a file system that never answers.

online=/sys/devices/system/cpu/cpu1/online

# record_host SECONDS FILE OPTION...: in the background; sets recorder.
record_host() {
	local seconds=$1 file=$2
	shift 2
	rm -f "$file"*
	timeout -k 5 "$seconds" ./brindle record -a -F 99 -o "$file" "$@" \
		>host.txt 2>&1 </dev/null &
	recorder=$!
}

# none_is_proven BEFORE CAME: from when CPU 1 came until it had events; but before,
# and a second later, some are. Times are ns of the wall clock.
none_is_proven() {
	at_least 1 "SELECT sum(wall_ns > $2 AND wall_ns <
		  (SELECT end_wall_ns FROM v_incident
		   WHERE kind = 'cpu-offline')) = 0
		  AND sum(wall_ns < $1) > 50 AND
		  sum(wall_ns > $2 + 1000000000) > 50
		 FROM v_sample WHERE trust = 'proven'" plug.db
}

check_hotplug() {
	if [ "$(id -u)" != 0 ] || [ ! -w $online ]; then
		skip "CPU hotplug" "no root, or one CPU only"
		return
	fi
	./spinner 16000 >/dev/null & local one=$!
	./spinner 16000 >/dev/null & local two=$!
	taskset -c 0 "$python" -c 'while True: sum(range(1000))' & local three=$!
	record_host 7 plug.db
	sleep 1.5
	echo 0 2>/dev/null >$online
	sleep 1.5
	local back came
	back=$(date +%s%N)
	echo 1 2>/dev/null >$online
	came=$(date +%s%N)
	wait $recorder
	status=$? out=$(cat host.txt) err=
	kill $three
	timely "hotplug: the absence is an incident" at_least 1 \
		"SELECT count(*) FROM v_incident WHERE kind = 'cpu-offline'
		 AND detail = 'CPU 1' AND seconds BETWEEN 1 AND 4" plug.db
	timely "hotplug: sampled again within a second" at_least 10 \
		"SELECT count(*) FROM v_sample WHERE cpu = 1
		 AND wall_ns BETWEEN $back + 1000000000 AND $back + 2000000000" \
		plug.db
	# Threads ran there before it had events, and may have been sampled here.
	expect "hotplug: none is proven of when it came" \
		none_is_proven "$back" "$came"
	timely "hotplug: the other CPU goes on" at_least 5 \
		"SELECT min(n) FROM (SELECT count(*) AS n FROM v_sample
		 WHERE cpu = 0 AND time_ns / 250000000 <
		  (SELECT max(time_ns) / 250000000 FROM v_sample)
		 GROUP BY time_ns / 250000000
		 ORDER BY time_ns LIMIT -1 OFFSET 1)" plug.db

	echo 0 2>/dev/null >$online
	record_host 4 plug.db
	sleep 1.5
	echo 1 2>/dev/null >$online
	wait $recorder
	status=$? out=$(cat host.txt)
	expect "hotplug: a CPU that was away at the start" at_least 10 \
		"SELECT count(*) FROM v_sample WHERE cpu = 1" plug.db
	kill $one $two 2>/dev/null
	wait $one $two $three 2>/dev/null
	check_flick
}

# It is away while the recorder stands still, and so between two of its looks.
check_flick() {
	taskset -c 0 "$python" -c 'while True: sum(range(1000))' & local busy=$!
	record_host 20 plug.db -d 5
	sleep 2
	local away back on
	pkill -STOP -P $recorder
	away=$(date +%s%N)
	echo 0 2>/dev/null >$online
	echo 1 2>/dev/null >$online
	back=$(date +%s%N)
	pkill -CONT -P $recorder
	on=$(date +%s%N)
	wait $recorder
	status=$? out=$(cat host.txt) err=
	kill $busy
	wait $busy 2>/dev/null
	timely "hotplug: off and on at once is seen at once" at_least 1 \
		"SELECT count(*) FROM v_incident WHERE kind = 'cpu-offline'
		 AND detail = 'CPU 1' AND end_wall_ns < $on + 400000000" plug.db
	expect "hotplug: off and on at once: none is proven meanwhile" \
		none_is_proven "$away" "$back"
}

# A suspended host's other CPUs have lost their events, which is found out later.
check_sleep() {
	compile slept.so ../programs/slept.c -fPIC -shared || return
	"$python" -c 'while True: sum(range(1000))' & local busy=$!
	LD_PRELOAD=$PWD/slept.so record_host 20 slept.db -d 8
	wait $recorder
	status=$? out=$(cat host.txt) err=
	kill $busy
	wait $busy 2>/dev/null
	expect "sleep: is told" at_least 1 "SELECT count(*) = 1 FROM clock
		WHERE reason = 'suspend'" slept.db
	expect "sleep: none is proven until all CPUs are known to sample" \
		at_least 1 "SELECT sum(at BETWEEN 0 AND 2200) = 0 AND
		 sum(at < 0) > 50 AND sum(at > 3200) > 50
		 FROM (SELECT (time_ns - (SELECT monotonic_ns FROM clock
		  WHERE reason = 'suspend')) / 1000000 AS at FROM v_sample
		  WHERE trust = 'proven')" slept.db
}

# A target whose interpreter leads into a file that never comes.
start_hanging() {
	taskset -c 0 timeout -k 1 8 "$python" "$here/../programs/hanging.py" mute/page "$@" \
		>/dev/null 2>&1 </dev/null &
	hanging=$!
}

# Sets server, of the file mute/page. False: none can be had.
start_mute() {
	mkdir -p mute
	compile fuse_mute ../programs/fuse_mute.c || return
	if [ ! -w /dev/fuse ] || [ "$(id -u)" != 0 ]; then
		skip "$1" "no root, or no FUSE"
		return 1
	fi
	./fuse_mute mute >mute.txt 2>&1 & server=$!
	sleep 0.3
	grep -q ready mute.txt && return
	skip "$1" "$(cat mute.txt)"
	return 1
}

# From now on ticks.txt tells when the timer of CPU 0 was not served; sets ticks.
start_ticks() {
	./ticks 0 >ticks.txt & ticks=$!
}

# Before the recorder ends, so that what was sampled is all that it tells of.
stop_ticks() {
	kill -INT $ticks
	wait $ticks
}

# Of CPU 0, which is never idle, file @1 has a sample each 1/99 s from the first,
# which came within a second, until the last tick; but for two, and for those that
# nobody can have had.
loses_none() {
	local first last unserved have wanted
	read -r first last unserved < <(awk \
		'$2 == "ticks" { print $3, $4, n + 0; next }
		{ n += int(($2 - $1) * 99 / 1e9) }' ticks.txt)
	read -r have wanted < <(count "SELECT count(*) || ' ' ||
		(($last - max(min(time_ns), $first)) * 99 / 1000000000 + 1)
		FROM v_sample WHERE cpu = 0
		AND time_ns BETWEEN $first AND $last
		HAVING min(time_ns) < $first + 1000000000" "$1")
	err="$have samples of $wanted; $unserved had no timer"
	[ "${wanted:-0}" -gt 297 ] &&
		[ "$have" -ge $((wanted - unserved - 2)) ]
}

check_hanging() {
	local server ticks
	start_mute "hanging reads" || return
	compile ticks ../programs/ticks.c || return
	taskset -c 0 ./spinner 9000 >/dev/null & local spinner=$!
	record_host 6 hang.db
	start_ticks
	sleep 1
	start_hanging 3 1
	sleep 4.5
	kill $hanging 2>/dev/null
	stop_ticks
	kill -INT $recorder
	sleep 1
	start_hanging 4
	sleep 1
	record_host 2 told.db
	sleep 2.5
	kill -9 $server $spinner $hanging
	umount -l mute
	wait 2>/dev/null
	status=$? out=$(cat host.txt) err=
	expect "hanging: noticed, and told" at_least 1 \
		"SELECT count(*) FROM v_incident WHERE kind = 'capture-stuck'" \
		hang.db
	expect "hanging: one sample is lost to it" at_least 1 \
		"SELECT count(*) = 1 FROM v_sample
		 WHERE trust_reason = 'capture-stuck'" hang.db
	expect "hanging: not read again" at_least 10 \
		"SELECT count(*) FROM v_sample
		 WHERE trust_reason = 'not-read-again'" hang.db
	expect "hanging: no CPU loses a sample" loses_none hang.db
	expect "hanging: what is mapped before is not touched" at_least 10 \
		"SELECT count(*) FROM v_sample
		 WHERE trust_reason = 'may-hang'" told.db
	expect "hanging: and hangs nobody" at_least 1 \
		"SELECT count(*) = 0 FROM v_incident
		 WHERE kind = 'capture-stuck'" told.db
}

# What hangs is not the capture, but the worker that looks at code objects.
check_hiding() {
	local server ticks
	start_mute "hanging worker" || return
	compile ticks ../programs/ticks.c || return
	taskset -c 0 ./spinner 20000 >/dev/null & local spinner=$!
	record_host 20 hide.db
	start_ticks
	sleep 0.5
	taskset -c 1 timeout -k 1 18 "$python" \
		"$here/../programs/hanging_code.py" mute/page 15 \
		>hidden.txt 2>&1 </dev/null & local hiding=$!
	within 10 grep -q hidden hidden.txt
	sleep 3
	stop_ticks
	kill -INT $recorder
	sleep 1
	kill -9 $server $spinner $hiding
	umount -l mute
	wait $recorder
	status=$? out=$(cat host.txt hidden.txt) err=
	wait 2>/dev/null
	expect "hiding: recorded to the end" [ "$status" = 0 ]
	expect "hiding: noticed, and told" at_least 1 \
		"SELECT count(*) = 1 FROM v_incident WHERE kind =
		 'capture-stuck' AND detail LIKE 'looking at code%'" hide.db
	expect "hiding: not read again" at_least 10 \
		"SELECT count(*) FROM v_sample
		 WHERE trust_reason = 'not-read-again'" hide.db
	expect "hiding: no CPU loses a sample" loses_none hide.db
}

# True when samples are stored that are younger than @1, in ns since the epoch.
samples_since() {
	at_least 1 "SELECT count(*) FROM v_sample WHERE wall_ns > $1" $daemon_db
}

# A daemon of which a thread hangs in a read; sets profiler.
start_hanging_daemon() {
	start_daemon
	within 10 at_least 50 "SELECT count(*) FROM sample" $daemon_db
	start_hanging 8 1
	within 10 at_least 1 "SELECT count(*) FROM incident WHERE kind =
		'capture-stuck' AND session_id = (SELECT max(id) FROM session)" \
		$daemon_db
	profiler=$(cat $daemon_db.lock)
}

# Sends signal @1 to @2...: between two transactions, for who is killed within one
# keeps SQLite's lock, too.
kill_idle() {
	$python - "$daemon_db" "$@" <<-'END'
		import os, sqlite3, sys, time
		store = sqlite3.connect(sys.argv[1], 10, isolation_level=None)
		store.execute("BEGIN IMMEDIATE")
		for pid in sys.argv[3:]:
		    os.kill(int(pid), int(sys.argv[2]))
		time.sleep(0.3)
	END
}

# What the kernel cannot end keeps the lock of the database.
check_left_behind() {
	local server profiler killed
	start_mute "left behind" || return
	mkdir -p state && chown nobody state && chmod 700 state
	write_config "frequency = 99"
	: >daemon.log
	start_hanging_daemon
	kill_idle 11 "$profiler"
	killed=$(date +%s%N)
	expect "left behind: by a crash; another one goes on" \
		within 10 samples_since "$killed"
	expect "left behind: it was there meanwhile" \
		grep -q '^State:.Z' "/proc/$profiler/status"
	stop_daemon
	kill -9 "$hanging" 2>/dev/null
	start_hanging_daemon
	kill_idle 9 "$daemon_pid" "$profiler"
	wait "$daemon_pid" 2>/dev/null
	sleep 1
	killed=$(date +%s%N)
	start_daemon
	expect "left behind: by a daemon; another one goes on" \
		within 10 samples_since "$killed"
	expect "left behind: it was there, too" \
		grep -q '^State:.Z' "/proc/$profiler/status"
	kill -9 "$server" "$hanging" 2>/dev/null
	umount -l mute
	stop_daemon
	expect "left behind: the last one ends" [ "$status" = 0 ]
	expect "left behind: the file is sound" \
		[ "$(count 'PRAGMA integrity_check' $daemon_db)" = ok ]
	rm -rf state
}

# One process makes and drops executable mappings as fast as it can.
check_flood() {
	compile remapper ../programs/remapper.c || return
	taskset -c 1 ./remapper "$1" 3000 2>made.txt & local remapper=$!
	taskset -c 0 ./spinner 6000 >/dev/null & local spinner=$!
	record_host 8 flood.db -d 3
	wait $recorder
	status=$? out=$(cat host.txt made.txt) err=
	kill $spinner $remapper 2>/dev/null
	wait $spinner $remapper 2>/dev/null
	timely "flood of mappings, $1 kept: recorded to the end" \
		[ "$status" = 0 ]
	timely "flood of mappings, $1 kept: no CPU loses a sample" \
		at_least 1 "SELECT min(n) >= 90 FROM (SELECT count(*) AS n
		 FROM v_sample GROUP BY cpu, time_ns / 1000000000
		 HAVING time_ns / 1000000000 BETWEEN
		 (SELECT min(time_ns) / 1000000000 + 1 FROM v_sample) AND
		 (SELECT max(time_ns) / 1000000000 - 1 FROM v_sample))" flood.db
}

check_host() {
	patiently check_hotplug
	check_sleep
	check_hanging
	check_hiding
	check_left_behind
	patiently check_flood 0
	patiently check_flood 60000
}
