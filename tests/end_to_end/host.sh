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

check_hotplug() {
	if [ "$(id -u)" != 0 ] || [ ! -w $online ]; then
		skip "CPU hotplug" "no root, or one CPU only"
		return
	fi
	./spinner 16000 >/dev/null & local one=$!
	./spinner 16000 >/dev/null & local two=$!
	record_host 7 plug.db
	sleep 1.5
	echo 0 2>/dev/null >$online
	sleep 1.5
	local back
	back=$(date +%s%N)
	echo 1 2>/dev/null >$online
	wait $recorder
	status=$? out=$(cat host.txt) err=
	expect "hotplug: the absence is an incident" at_least 1 \
		"SELECT count(*) FROM v_incident WHERE kind = 'cpu-offline'
		 AND detail = 'CPU 1' AND seconds BETWEEN 1 AND 4" plug.db
	expect "hotplug: sampled again within a second" at_least 10 \
		"SELECT count(*) FROM v_sample WHERE cpu = 1
		 AND wall_ns BETWEEN $back + 1000000000 AND $back + 2000000000" \
		plug.db
	expect "hotplug: the other CPU goes on" at_least 5 \
		"SELECT min(n) FROM (SELECT count(*) AS n FROM v_sample
		 WHERE cpu = 0 GROUP BY time_ns / 250000000
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
	wait $one $two 2>/dev/null
}

# A target whose interpreter leads into a file that never comes.
start_hanging() {
	timeout -k 1 8 "$python" "$here/../programs/hanging.py" mute/page "$@" \
		>/dev/null 2>&1 </dev/null &
	hanging=$!
}

check_hanging() {
	mkdir -p mute
	if ! "${CC:-cc}" -O2 -o fuse_mute "$here/../programs/fuse_mute.c" ||
	   [ ! -w /dev/fuse ] || [ "$(id -u)" != 0 ]; then
		skip "hanging reads" "no root, or no FUSE"
		return
	fi
	./fuse_mute mute >mute.txt 2>&1 & local server=$!
	sleep 0.3
	if ! grep -q ready mute.txt; then
		skip "hanging reads" "$(cat mute.txt)"
		return
	fi
	./spinner 9000 >/dev/null & local spinner=$!
	record_host 6 hang.db
	sleep 1
	start_hanging 3 1
	sleep 4.5
	kill $hanging 2>/dev/null
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
	expect "hanging: no CPU loses a sample" at_least 1 \
		"SELECT min(n) >= 97 FROM (SELECT count(*) AS n FROM v_sample
		 WHERE cpu = (SELECT cpu FROM v_sample
		  WHERE process = 'spinner' GROUP BY 1 ORDER BY count(*) DESC)
		 GROUP BY time_ns / 1000000000 ORDER BY time_ns
		 LIMIT 3 OFFSET 1)" hang.db
	expect "hanging: what is mapped before is not touched" at_least 10 \
		"SELECT count(*) FROM v_sample
		 WHERE trust_reason = 'may-hang'" told.db
	expect "hanging: and hangs nobody" at_least 1 \
		"SELECT count(*) = 0 FROM v_incident
		 WHERE kind = 'capture-stuck'" told.db
}

check_host() {
	check_hotplug
	check_hanging
}
