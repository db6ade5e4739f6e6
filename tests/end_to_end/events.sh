# SPDX-License-Identifier: Apache-2.0
# Events besides the clock: off-CPU time, faults, tracepoints; the account of
# what became of each sample; a host that switches or samples too much.

cat > waits.py <<'END'
import os, sys, threading, time
def sleeps():
    while True:
        time.sleep(0.05)
def reads(end):
    while True:
        os.read(end, 1)
def computes(until):
    while time.monotonic() < until:
        pass
def touches():
    return [bytes(5000) for _ in range(800)]
from_here, to_here = os.pipe()
threading.Thread(target=sleeps, daemon=True).start()
threading.Thread(target=reads, args=(from_here,), daemon=True).start()
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    computes(time.monotonic() + 0.01)
    touches()
    os.write(to_here, b"x")
    time.sleep(0.03)
END

cat > pair.py <<'END'
import os, time
from_here, to_here = os.pipe()
if os.fork() == 0:
    open("reader.pid", "w").write(str(os.getpid()))
    os.close(to_here)
    while os.read(from_here, 1):
        pass
    os._exit(0)
while True:
    time.sleep(0.005)
    os.write(to_here, b"x")
END

# health NAME [DATABASE]
health() {
	count "SELECT value FROM v_health WHERE name = '$1'" "$2"
}

# Every sample that the kernel delivered has come to an end that is known.
adds_up() {
	local ends
	ends=$(count "SELECT sum(value) FROM v_health WHERE name IN
		('delivered_stored', 'dropped_memory', 'dropped_blocked',
		'dropped_end_lost', 'dropped_era', 'dropped_stop')
		OR name LIKE 'rejected_%'" \
		"$1")
	[ "$(health samples_waiting "$1")" = 0 ] &&
		[ "$(health samples_delivered "$1")" = "$ends" ] &&
		[ "$(count "SELECT count(*) FROM sample" "$1")" = \
		"$(count "SELECT sum(value) FROM v_health WHERE name IN
		('delivered_stored', 'off_cpu_pieces')" "$1")" ]
}

# share_off FUNCTION DATABASE: off-CPU time below it, over the time recorded.
# A busy host hands a lock on late, too: that is no time of the function.
share_off() {
	count "SELECT round(ifnull(sum(weight), 0) * 1.0 / (SELECT
		end_monotonic_ns - start_monotonic_ns FROM session), 2)
		FROM v_sample WHERE event = 'off-cpu' AND
		ifnull(gil, '') <> 'waiting' AND
		callsite_id IN (SELECT callsite_id
		FROM v_frame_of_callsite WHERE function = '$1')" "$2"
}

# Who waits in a pipe is woken by who writes to it, and by nobody else.
check_wakers() {
	run 5 ./brindle record -e sched:sched_waking -o two.db -- true
	if grep -q tracefs err.txt; then
		skip "off-cpu: wakers" "no tracefs"
		return
	fi
	expect "off-cpu: who wakes is known" at_least 9 "SELECT
		count(waker_thread_id) FROM v_sample WHERE event = 'off-cpu'
		AND pid = $(cat reader.pid)" all.db
	expect "off-cpu: and it is the writer" at_least 1 "SELECT
		min(tid) = $1 AND max(tid) = $1 FROM thread WHERE id IN
		(SELECT waker_thread_id FROM v_sample WHERE event = 'off-cpu'
		AND pid = $(cat reader.pid))" all.db
	expect "off-cpu: nobody wakes who sleeps" at_least 1 "SELECT
		count(*) > 0 AND count(waker_thread_id) = 0 FROM v_sample
		WHERE event = 'off-cpu' AND pid = $1" all.db
}

between() {
	awk -v value="$1" -v low="$2" -v high="$3" \
		'BEGIN { exit !(value >= low && value <= high) }'
}

check_blocked() {
	$python waits.py 30 & local waiter=$!
	$python pair.py & local writer=$!
	sleep 0.5
	# One switch in many is a sample, when others switch a lot; and the kernel
	# adapts how many at ticks, which an idle CPU has none of, so that it may
	# be silent for a second.
	run 20 ./brindle record -a -d 6 -e cpu-clock,off-cpu -o all.db
	kill $writer
	wait $writer 2>/dev/null
	expect "off-cpu -a: adds up" adds_up all.db
	expect "off-cpu -a: somebody waits" at_least 1 "SELECT count(*) FROM
		v_sample WHERE event = 'off-cpu' AND trust <> 'unproven'" all.db
	check_wakers $writer
	run 20 ./brindle record -p $waiter -d 4 -e cpu-clock,off-cpu@499 \
		-o off.db
	kill $waiter
	wait $waiter 2>/dev/null
	expect "off-cpu: succeeds" [ "$status" = 0 ]
	expect "off-cpu: a thread in read()" \
		between "$(share_off reads off.db)" 0.4 1.02
	expect "off-cpu: a thread that sleeps" \
		between "$(share_off sleeps off.db)" 0.4 1.02
	expect "off-cpu: who computes does not wait there" \
		between "$(share_off computes off.db)" 0 0.2
	expect "off-cpu: most of it is proven" at_least 1 "SELECT
		sum((trust = 'proven') * weight) > 0.9 * sum(weight)
		FROM v_sample
		WHERE event = 'off-cpu' AND pid = $waiter" off.db
	expect "off-cpu: nobody waits longer than it took" at_least 1 "SELECT
		max(s) <= 1.02 FROM (SELECT sum(weight) * 1.0 / (SELECT
		end_monotonic_ns - start_monotonic_ns FROM session) AS s
		FROM v_sample WHERE event = 'off-cpu' GROUP BY thread_id)" \
		off.db
	expect "off-cpu: adds up" adds_up off.db
}

check_counters() {
	run 20 ./brindle record -o many.db -e \
		cpu-clock,page-faults@499,syscalls:sys_enter_write@499,sched:sched_process_fork \
		-- sh -c "$python waits.py 1.5; true"
	if grep -q tracefs err.txt; then
		skip "events: tracepoints" "no tracefs"
		return
	fi
	expect "events: several at once" [ "$status" = 0 ]
	expect "events: faults below who touches" at_least 1 "SELECT
		count(*) FROM v_sample WHERE event = 'page-faults' AND
		callsite_id IN (SELECT callsite_id FROM v_frame_of_callsite
		WHERE function = 'touches')" many.db
	timely "events: a write is proven" at_least 3 "SELECT count(*) FROM
		v_sample WHERE event = 'syscalls:sys_enter_write' AND
		trust = 'proven'" many.db
	timely "events: each write counts once" at_least 1 "SELECT
		sum(weight) BETWEEN 20 AND 80 FROM v_sample
		WHERE event = 'syscalls:sys_enter_write'" many.db
	expect "events: forks" at_least 1 "SELECT count(*) FROM v_sample
		WHERE event = 'sched:sched_process_fork'" many.db
	expect "events: adds up" adds_up many.db
	run 20 ./brindle record -o burst.db -e \
		cpu-clock,syscalls:sys_enter_write -- \
		dd if=/dev/zero of=/dev/null bs=1 count=500000 status=none
	expect "burst: few samples" at_least 1 "SELECT count(*) < 2000
		FROM v_sample WHERE event <> 'cpu-clock'" burst.db
	expect "burst: stand for every write" at_least 1 "SELECT sum(weight)
		BETWEEN 470000 AND 530000 FROM v_sample
		WHERE event <> 'cpu-clock'" burst.db
}

check_event_names() {
	run 5 ./brindle record -e no-such -- true
	expect "events: unknown name" fails 2 no-such
	run 5 ./brindle record -e cpu-clock@x -- true
	expect "events: bad rate" fails 2 'page-faults@49'
	run 5 ./brindle record -e cpu-clock,,off-cpu -- true
	expect "events: empty name" fails 2 'without a name'
	run 5 ./brindle record -e sched:no_such -- true
	expect "events: unknown tracepoint" fails '[1-9]' no_such
	run 5 ./brindle record -e off-cpu@20,cpu-clock@50 -o two.db -- true
	expect "events: off-cpu first, rates" [ "$status" = 0 ]
}

# More switches than it may cost to record: less is proven, and it says why.
check_ping_pong() {
	compile ping_pong ../bench/ping_pong.c -std=gnu11 -D_GNU_SOURCE ||
		return
	./ping_pong turns & local ping=$!
	$python mixed.py 30 & local busy=$!
	run 20 ./brindle record -a -d 3 -F 499 -e cpu-clock,off-cpu -o pong.db
	run 20 ./brindle record -a -d 8 -F 499 -o moves.db
	kill $ping $busy
	wait $ping $busy 2>/dev/null
	timely "ping-pong: switch records are off for a while" at_least 100 \
		"SELECT count(*) FROM v_sample
		WHERE trust_reason = 'switches-off'" pong.db
	timely "ping-pong: the clock goes on" at_least 1 "SELECT sum(weight)
		BETWEEN 4500000000 AND 6500000000 FROM v_sample
		WHERE event = 'cpu-clock'" pong.db
	expect "ping-pong: adds up" adds_up pong.db
	timely "ping-pong: without switch records there is a limit, too" \
		at_least 100 "SELECT count(*) FROM v_sample
		WHERE trust_reason = 'switches-off'" moves.db
	timely "ping-pong: below it samples are proven" at_least 100 \
		"SELECT count(*) FROM v_sample WHERE trust = 'proven'" moves.db
}

# Rings too small for what comes: samples are lost, and known to be.
check_overload() {
	./spinner 0 & local one=$!
	./spinner 0 & local two=$!
	run 20 ./brindle record -a -d 1.5 -F 20000 --stack-size 65528 \
		-e cpu-clock,page-faults -o flood.db
	kill $one $two
	wait $one $two 2>/dev/null
	expect "overload: some is lost" [ "$(health lost flood.db)" -gt 0 ]
	expect "overload: the account adds up" adds_up flood.db
	expect "overload: told as an incident" at_least 1 "SELECT count(*) FROM
		v_incident WHERE kind = 'lost'" flood.db
}

restore_max_rate() {
	[ -n "$max_rate" ] && echo "$max_rate" \
		>/proc/sys/kernel/perf_event_max_sample_rate
	max_rate=
}

# The kernel lowers the rate it allows, and raises it again.
check_max_rate() {
	local file=/proc/sys/kernel/perf_event_max_sample_rate
	max_rate=$(cat $file)
	if ! { echo 150 >$file; } 2>/dev/null; then
		max_rate=
		skip "max rate" "may not set $file"
		return
	fi
	run 5 ./brindle record -F 999 -o slow.db -- true
	expect "max rate: said at the start" grep -q '999 Hz' err.txt
	run 20 ./brindle record -o held.db -e \
		cpu-clock,syscalls:sys_enter_write -- \
		dd if=/dev/zero of=/dev/null bs=1 count=500000 status=none
	[ $status != 0 ] || timely "max rate: throttling is an incident" \
		at_least 1 "SELECT count(*) FROM v_incident
		WHERE kind = 'throttled'" held.db
	echo "$max_rate" >$file
	./spinner 0 & local spin=$!
	(sleep 1.5; echo 150 >$file; sleep 2.5; echo "$max_rate" >$file) &
	run 20 ./brindle record -a -d 6 -F 999 -o slow.db
	kill $spin
	wait $spin 2>/dev/null
	restore_max_rate
	expect "max rate: an incident that ends" at_least 1 "SELECT count(*)
		FROM v_incident WHERE kind = 'rate' AND detail LIKE '%999%'" \
		slow.db
	timely "max rate: fewer samples, each worth more" at_least 1 "SELECT
		max(weight) > 5 * min(weight) FROM v_sample" slow.db
	timely "max rate: no time is lost" at_least 1 "SELECT
		sum(weight) / 1e9 BETWEEN 4.5 AND 12.5 FROM v_sample" slow.db
}

check_events() {
	check_event_names
	if [ "$(id -u)" != 0 ]; then
		skip "events" "off-CPU samples and tracepoints need root here"
		return
	fi
	check_blocked
	patiently check_counters
	patiently check_ping_pong
	check_overload
	patiently check_max_rate
}
