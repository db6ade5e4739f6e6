# SPDX-License-Identifier: Apache-2.0
# Who the daemon's processes are and what they may do; the unit's walls.

five="perfmon sys_ptrace dac_read_search checkpoint_restore syslog"
five_mask=$((1 << 38 | 1 << 19 | 1 << 2 | 1 << 40 | 1 << 34))

# field PID NAME: of /proc/PID/status, the first number.
field() {
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}

profiler_of() {
	pgrep -x -P "$1" brindle-sampler
}

has_profiler() {
	[ -n "$(profiler_of "$1")" ] &&
		[ "$(field "$(profiler_of "$1")" Seccomp)" = 2 ]
}

# No root, nothing to gain, closed to others: /proc belongs to root then.
is_closed() {
	[ "$(field "$1" Uid)" != 0 ] && [ "$(field "$1" NoNewPrivs)" = 1 ] &&
		[ "$(stat -c %u "/proc/$1/mem")" = 0 ] &&
		[ "$(field "$1" CapInh)$(field "$1" CapAmb)" = \
			00000000000000000000000000000000 ]
}

# has_only MASK PID SET
has_only() {
	[ $((0x$(field "$2" "$3") & ~$1)) = 0 ]
}

# The dashboard's: who starts the server again, and the server.
keeper_of() {
	pgrep -x -P "$1" brindle-web
}

server_of() {
	pgrep -x -P "$(keeper_of "$1")" brindle-web
}

has_server() {
	[ -n "$(server_of "$1")" ] &&
		[ "$(field "$(server_of "$1")" Seccomp)" = 2 ]
}

# check_identities NAME BOUND: those of $daemon_pid; BOUND is what running a
# program could ever give them.
check_identities() {
	local profiler
	check_dashboard "$1" "$2"
	expect "$1: has a profiler" within 5 has_profiler "$daemon_pid"
	profiler=$(profiler_of "$daemon_pid")
	expect "$1: two children" \
		[ "$(pgrep -cP "$daemon_pid") $(pgrep -cP "$profiler")" = "2 0" ]
	expect "$1: the broker is closed" is_closed "$daemon_pid"
	expect "$1: the profiler is closed" is_closed "$profiler"
	expect "$1: the broker has five capabilities" \
		has_only $five_mask "$daemon_pid" CapPrm
	expect "$1: the profiler may have none" has_only 0 "$profiler" CapPrm
	expect "$1: the profiler has none" has_only 0 "$profiler" CapEff
	expect "$1: the broker's bound" has_only "$2" "$daemon_pid" CapBnd
	expect "$1: the profiler's bound" has_only "$2" "$profiler" CapBnd
}

check_dashboard() {
	local keeper server
	expect "$1: has a dashboard" within 5 has_server "$daemon_pid"
	keeper=$(keeper_of "$daemon_pid") server=$(server_of "$daemon_pid")
	expect "$1: the dashboard's keeper is closed" is_closed "$keeper"
	expect "$1: the dashboard's server is closed" is_closed "$server"
	expect "$1: the keeper may have no capability" \
		has_only 0 "$keeper" CapPrm
	expect "$1: the server may have no capability" \
		has_only 0 "$server" CapPrm
	expect "$1: the keeper's bound" has_only "$2" "$keeper" CapBnd
	expect "$1: the server's bound" has_only "$2" "$server" CapBnd
}

# A Python of somebody else's, whose memory the profiler may not open.
check_other_user() {
	cat >stranger.py <<'END'
import sys, time
def stranger(end):
    while time.time() < end:
        sum(range(100))
stranger(time.time() + float(sys.argv[1]))
END
	chmod 644 stranger.py
	setpriv --reuid 12345 --regid 12345 --clear-groups \
		"$python" stranger.py 8 &
	expect "$1: Python of another user has names" within 8 at_least 1 \
		"SELECT count(*) FROM v_frame_of_callsite
		WHERE function = 'stranger' AND kind = 'python'" $daemon_db
	expect "$1: and is proven" within 10 at_least 20 "SELECT count(*)
		FROM v_sample WHERE trust = 'proven'
		AND process LIKE 'python%'" $daemon_db
	kill $!
	wait $! 2>/dev/null
}

check_crash() {
	local killed=${EPOCHREALTIME/./} first
	kill -KILL "$(profiler_of "$daemon_pid")"
	expect "crash: samples again" within 5 at_least 1 "SELECT count(*)
		FROM v_sample WHERE wall_ns > ($killed + 50000) * 1000" \
		$daemon_db
	first=$(first_sample_ms $((killed + 50000)))
	timely "crash: within 1 s ($((first / 1000 + 50)) ms)" \
		[ "$first" -le 950000 ]
	expect "crash: said" grep -q 'ended by signal 9' daemon.log
	expect "crash: stored" within 5 at_least 1 "SELECT count(*)
		FROM incident WHERE kind = 'restart'" $daemon_db
}

check_as_root() {
	rm -rf state/*
	write_config "frequency = 99"
	: >daemon.log
	start_daemon
	check_identities "started by root" 0
	check_other_user "started by root"
	patiently check_crash
	stop_daemon
	expect "started by root: ends with 0" [ "$status" = 0 ]
}

# As systemd starts it: a user from the first moment, with ambient capabilities.
check_as_unit() {
	local add="" name
	for name in $five; do
		add+=,+$name
	done
	rm -rf state/*
	: >daemon.log
	setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
		--inh-caps="-all$add" --ambient-caps="-all$add" \
		--bounding-set="-all$add" \
		./brindle daemon --config daemon.conf 2>>daemon.log &
	daemon_pid=$!
	check_identities "started by a unit" $five_mask
	check_other_user "started by a unit"
	stop_daemon
	expect "started by a unit: ends with 0" [ "$status" = 0 ]
}

check_refused_users() {
	run 10 ./brindle daemon --config daemon.conf --user nosuchuser
	expect "user: one that is not there" fails 1 'useradd.*nosuchuser'
	run 10 ./brindle daemon --config daemon.conf --user root
	expect "user: not root" fails 2 'not root'
	run 10 $as_nobody ./brindle daemon --config daemon.conf
	expect "user: one without capabilities" fails 1 'CAP_PERFMON is missing'
}

check_unit() {
	local unit=$here/../../packaging/brindled.service
	if ! command -v systemd-analyze >/dev/null; then
		skip "unit" "no systemd-analyze"
		return
	fi
	run 20 systemd-analyze security --offline=true "$unit"
	expect "unit: exposure at most 3.0" awk '/Overall exposure/ {
		for (i = 1; i < NF; i++) if ($i ~ /^[0-9.]+$/) level = $i }
		END { exit !(level != "" && level <= 3.0) }' out.txt
	run 20 $python "$here/unit_calls.py" "$unit" \
		"$here/../../daemon/broker/sandbox_calls.c"
	expect "unit: lets the profiler's system calls through" works 'all of'
}

check_privilege() {
	check_unit
	if [ "$(id -u)" != 0 ]; then
		skip "privilege" "needs root"
		return
	fi
	mkdir -p state && chown nobody state && chmod 700 state
	write_config "frequency = 99"
	check_refused_users
	check_as_root
	check_as_unit
}
