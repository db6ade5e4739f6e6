# SPDX-License-Identifier: Apache-2.0
# Recording: a command, processes, the host; as root and as an ordinary user.

cat > mixed.py <<'END'
import functools, sys, time
def inner(a, b):
    x = 0
    for i in range(300):
        x += i * i
    return x
def outer():
    return functools.reduce(inner, range(50))
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    outer()
sys.exit(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
END

check_command() {
	run 30 ./brindle record -F 499 -- $python mixed.py 1.5 7
	expect "record: exit status of the command" [ "$status" = 7 ]
	expect "record: writes brindle.db" [ -s brindle.db ]
	expect "record: silent progress in a pipe" \
		bash -c '! grep -q $'"'\\r\\|\\033'"' err.txt'
	expect "record: samples" at_least 200 "SELECT count(*) FROM v_sample"
	expect "record: Python frames under C" at_least 200 "SELECT count(*)
		FROM v_sample WHERE callsite_id IN (SELECT callsite_id FROM
		v_frame_of_callsite WHERE function = 'outer')"
	expect "record: period as weight" at_least 1 "SELECT avg(weight_ns)
		BETWEEN 1900000 AND 2100000 FROM v_sample"
	expect "record: no file left behind" \
		bash -c '[ ! -e brindle.db-wal ] && [ ! -e brindle.db-shm ]'
	expect "record: opens in the plain shell" \
		[ "$(count 'PRAGMA integrity_check')" = ok ]
}

check_attach() {
	$python mixed.py 30 & local one=$!
	./spinner 0 & local two=$!
	run 20 ./brindle record -p $one -p $two -d 1.5 -o attach.db
	expect "record -p -p: succeeds" [ "$status" = 0 ]
	expect "record -p: targets still run" kill -0 $one $two
	expect "record -p: both seen" [ "$(count "SELECT count(DISTINCT pid)
		FROM v_sample WHERE pid IN ($one, $two)" attach.db)" = 2 ]
	expect "record -p: nobody else" [ "$(count "SELECT count(*) FROM
		v_sample WHERE pid NOT IN ($one, $two)" attach.db)" = 0 ]
	expect "record -p: Python before the start" at_least 1 "SELECT count(*)
		FROM v_frame_of_callsite WHERE function = 'inner'" attach.db
	run 20 ./brindle record -a -d 1.5 -o host.db
	expect "record -a: succeeds" [ "$status" = 0 ]
	expect "record -a: both seen" [ "$(count "SELECT count(DISTINCT pid)
		FROM v_sample WHERE pid IN ($one, $two)" host.db)" = 2 ]
	run 20 ./brindle dump -p $one
	expect "dump -p: a mixed stack" works 'outer'
	kill $one $two
	wait $one $two 2>/dev/null
}

check_progress() {
	if ! command -v script >/dev/null; then
		skip "record: progress on a terminal" "no script(1)"
		return
	fi
	timeout 20 script -qec "./brindle record -o tty.db -- ./spinner 1500" \
		tty.txt >/dev/null 2>&1
	status=$?
	cp tty.txt err.txt
	expect "record: progress on a terminal" \
		grep -qE 'samples' tty.txt
}

# The test sets the level that it is about, and puts the old one back.
restore_paranoid() {
	[ -n "$paranoid" ] && echo "$paranoid" > \
		/proc/sys/kernel/perf_event_paranoid
	paranoid=
}

# Succeeds where the kernel lets its caller count its own time in user mode:
# perf_event_open() of a task clock, exclude_kernel and exclude_hv set.
open_task_clock='
import ctypes, struct, sys
attr = struct.pack("=IIQQQQQ", 1, 128, 1, 0, 0, 0, 1 << 5 | 1 << 6).ljust(128, b"\0")
number = {"x86_64": 298}.get(__import__("os").uname().machine, 241)
sys.exit(ctypes.CDLL(None).syscall(number, attr, 0, -1, -1, 0) < 0)
'

check_user() {
	local sysctl=/proc/sys/kernel/perf_event_paranoid
	paranoid=$(cat $sysctl)
	if [ "$(id -u)" != 0 ]; then
		skip "record as an ordinary user" "needs root to become nobody"
		return
	fi
	mkdir -p user && chown 65534:65534 user
	echo 2 > $sysctl
	run 30 $as_nobody ./brindle record -F 499 -o user/u.db -- \
		$python mixed.py 1.5
	expect "ordinary user, paranoid 2: records" [ "$status" = 0 ]
	expect "ordinary user, paranoid 2: Python frames" at_least 100 "SELECT
		count(*) FROM v_sample WHERE callsite_id IN (SELECT callsite_id
		FROM v_frame_of_callsite WHERE function = 'outer')" user/u.db
	expect "ordinary user, paranoid 2: no kernel frames" [ "$(count "SELECT
		count(*) FROM v_frame_of_callsite WHERE kind = 'kernel'" \
		user/u.db)" = 0 ]
	run 10 $as_nobody ./brindle record -d 1 -o user/a.db -a
	expect "ordinary user: whole host refused" fails 1 'paranoid|permission'
	run 10 $as_nobody ./brindle record -p 1 -d 1 -o user/p.db
	expect "ordinary user: another's process refused" \
		fails 1 'permi|allowed'
	echo 3 > $sysctl
	if [ "$(cat $sysctl)" = 3 ] &&
	   ! $as_nobody $python -c "$open_task_clock"; then
		run 10 $as_nobody ./brindle record -o user/3.db -- ./spinner 100
		expect "ordinary user, paranoid 3: names the sysctl" \
			fails 1 'perf_event_paranoid'
	else
		skip "ordinary user, paranoid 3" "this kernel knows no level 3"
	fi
	restore_paranoid
}

# 30,000 calls of Python by Python, which take little of the C stack since 3.11.
check_deep() {
	local format

	cat > deep.py <<-'END'
	import sys, time
	def fall(left):
	    if left:
	        return fall(left - 1)
	    end = time.monotonic() + 1
	    while time.monotonic() < end:
	        pass
	sys.setrecursionlimit(40000)
	fall(30000)
	END
	if ! $python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
		skip "deep" "$python has frame objects"
		return
	fi
	run 30 ./brindle record -F 99 -o deep.db -- $python deep.py
	expect "deep: records" [ "$status" = 0 ]
	expect "deep: every frame is there, proven" at_least 5 "SELECT
		count(*) FROM v_sample AS s WHERE s.trust = 'proven' AND
		(SELECT count(*) FROM v_frame_of_callsite AS f WHERE
		f.callsite_id = s.callsite_id AND f.function = 'fall') = 30001" \
		deep.db
	run 10 ./brindle report --db deep.db
	expect "deep: report" works 'fall'
	for format in folded pprof speedscope gecko svg html csv; do
		run 10 ./brindle export --db deep.db -f $format -o deep.out
		expect "deep: export $format" [ "$status" = 0 -a -s deep.out ]
		[ $format != svg ] ||
			expect "deep: svg is of its outside" \
				grep -q '>fall<' deep.out
	done
	run 10 ./brindle diff deep.db deep.db
	expect "deep: diff" works 'share changed'
}

# Fresh programs, whose tables are made one after the other, on a host that has
# no time for the worker, which the kernel gives what is left.
check_behind() {
	local busy=() program recorder
	for program in $(seq $(($(nproc) * 2))); do
		./spinner 0 & busy+=($!)
	done
	./brindle record -a -F 999 -d 4 -o behind.db >out.txt 2>err.txt &
	recorder=$!
	sleep 0.7
	# shellcheck disable=SC2046 # its threads
	renice -n 19 -p $(ls /proc/$recorder/task) >/dev/null
	for program in 1 2; do
		$python mixed.py 30 & busy+=($!)
	done
	sleep 4
	kill "${busy[@]}"
	wait "${busy[@]}" 2>/dev/null
	wait $recorder
	status=$? err=$(cat err.txt) out=$(cat out.txt)
	expect "record: behind: it was" at_least 1 "SELECT value FROM v_health
		WHERE name = 'ring_bytes_moved'" behind.db
	expect "record: behind: nothing is lost" [ "$(count "SELECT value FROM
		v_health WHERE name = 'lost_samples'" behind.db)" = 0 ]
}

# What a program has in its memory is not in its profile, nor in what is made of
# that, though its stack was copied and its interpreter read.
check_canaries() {
	local format
	cat > canaries.py <<-'END'
	import ctypes, os, time
	word = "".join(["can", "ary-of-the-"])
	heap = [word + "heap-%d" % n for n in range(1000)]
	on_stack = ctypes.create_string_buffer((word + "stack").encode() * 100)
	@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
	def compare(a, b):
	    local = word + "local"
	    end = time.monotonic() + 0.02
	    while time.monotonic() < end:
	        heap.index(word + "heap-999")
	    return len(local)
	while time.process_time() < 0.7:
	    ctypes.CDLL(None).qsort(on_stack, 2, 800, compare)
	END
	CANARY=canary-of-the-environment run 20 ./brindle record -F 499 \
		-o canaries.db -- $python canaries.py
	expect "canaries: recorded" at_least 100 \
		"SELECT count(*) FROM v_sample" canaries.db
	for format in folded speedscope gecko html csv; do
		run 10 ./brindle export --db canaries.db -f $format \
			-o canaries.$format
	done
	expect "canaries: nowhere" \
		bash -c '! grep -l canary-of-the canaries.[^p]* *.txt'
}

check_recording() {
	check_command
	check_canaries
	check_deep
	check_attach
	check_behind
	check_progress
	check_user
}
