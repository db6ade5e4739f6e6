# SPDX-License-Identifier: Apache-2.0
# Bad input gets one clear line and the right exit status, never a crash.

check_usage() {
	run 5 ./brindle
	expect "no command: usage" [ "$status" = 2 ]
	run 5 ./brindle reprot
	expect "unknown command" fails 2 'reprot'
	run 5 ./brindle record
	expect "record nothing" [ "$status" = 2 ]
	run 5 ./brindle record -F 0 -- true
	expect "rate 0" [ "$status" = 2 ]
	run 5 ./brindle record -F many -- true
	expect "rate is no number" [ "$status" = 2 ]
	run 5 ./brindle record --no-such-option -- true
	expect "unknown option" [ "$status" = 2 ]
	run 5 ./brindle record -p x -d 1
	expect "pid is no number" [ "$status" = 2 ]
	run 5 ./brindle export --format nonsense
	expect "unknown format" fails 2 'nonsense'
	run 5 ./brindle query
	expect "query without SQL" [ "$status" = 2 ]
}

check_targets() {
	run 5 ./brindle record -p 4194300 -d 1 -o x.db
	expect "no such pid" fails 1 '4194300'
	run 5 ./brindle dump -p 4194300
	expect "dump: no such pid" fails 1 '4194300'
	(sleep 0 & exec sleep 60) &
	local parent=$! zombie=
	until zombie=$(pgrep -r Z -P $parent); do sleep 0.05; done
	run 5 ./brindle dump -p "$zombie"
	expect "dump: a zombie has no stack" fails 1 'zombie'
	kill $parent
	run 5 ./brindle record -o x.db -- ./no-such-command
	expect "no such command: 127" fails 127 'no-such-command'
	touch plain.txt
	run 5 ./brindle record -o x.db -- ./plain.txt
	expect "not executable: 126" [ "$status" = 126 ]
	run 5 ./brindle record -o kept.db -- true
	cp kept.db before.db
	run 5 ./brindle record -o kept.db -- no-such-command
	run 5 ./brindle record -o kept.db -- ./plain.txt
	expect "no such command: the profile that was there stays" \
		cmp -s kept.db before.db
	run 5 ./brindle record -e no-such-event -o x.db -- true
	expect "unknown event" fails '1|2' 'no-such-event'
	run 10 ./brindle record -e cycles -o cyc.db -- ./spinner 300
	expect "event without a PMU: falls back or counts" [ "$status" = 0 ]
}

check_files() {
	run 5 ./brindle report --db none.db
	expect "no such profile" fails '1|2' 'none.db'
	sqlite3 foreign.db "CREATE TABLE t(a)"
	run 5 ./brindle report --db foreign.db
	expect "a foreign database" fails '1|2' 'foreign.db'
	run 5 ./brindle record -o foreign.db -- ./spinner 50
	expect "does not overwrite a foreign database" fails '1|2' 'foreign.db'
	expect "the foreign database stays" \
		[ "$(count 'SELECT count(*) FROM t' foreign.db)" = 0 ]
	echo hello > text.db
	run 5 ./brindle record -o text.db -- ./spinner 50
	expect "does not overwrite a text file" fails '1|2' 'text.db'
	expect "the text file stays" [ "$(cat text.db)" = hello ]
	cp brindle.db newer.db
	sqlite3 newer.db "PRAGMA user_version = 9999"
	run 5 ./brindle report --db newer.db
	expect "a newer profile" fails '1|2' 'newer'
	head -c 3000 brindle.db > cut.db
	run 5 ./brindle report --db cut.db
	expect "a truncated profile" fails '1|2' 'cut.db'
	head -c $(($(stat -c %s brindle.db) / 2)) brindle.db > half.db
	run 5 ./brindle report --db half.db
	expect "half a profile: no crash" [ "$status" -le 2 ]
	run 5 ./brindle record -o /no/such/folder/x.db -- ./spinner 50
	expect "no such folder" fails '1|2' '/no/such/folder'
	run 5 ./brindle query "DELETE FROM sample"
	expect "query does not write" fails '1|2' 'read|SELECT|not'
	run 5 ./brindle query "SELECT nonsense"
	expect "query with an error" fails '1|2' 'nonsense'
	head -c 100000 /dev/urandom > noise.bin
	run 5 ./brindle replay noise.bin
	expect "replay of noise" fails '1|2' 'noise.bin'
}

check_disk() {
	if [ "$(id -u)" != 0 ]; then
		skip "a full disk" "mounting needs root"
		skip "an unwritable folder" "as root every folder is writable"
		return
	fi
	mkdir -p tiny locked
	chmod 755 locked
	run 5 $as_nobody ./brindle record -o locked/x.db -- ./spinner 50
	expect "an unwritable folder" fails 1 'locked'
	mount -t tmpfs -o size=3m tmpfs tiny || return
	mounted=yes
	run 60 ./brindle record -F 999 -o tiny/full.db -- \
		$python -c "$(wide_program)"
	expect "a full disk: says so" fails 1 'full|space'
	expect "a full disk: says what was lost" grep -qiE 'lost|[0-9]+ sample' \
		err.txt
	expect "a full disk: what was stored is kept" at_least 1 \
		"SELECT count(*) FROM v_sample" tiny/full.db
	umount tiny && mounted=
}

# A program with many thousands of different stacks, to fill a small disk.
wide_program() {
	cat <<'END'
import random, time
source = []
for n in range(3000):
    source.append("def f_%d(d):\n x = 0\n for i in range(60): x += i\n"
                  " return d and F[random.randrange(3000)](d - 1)\n" % n)
exec("\n".join(source))
F = [globals()["f_%d" % n] for n in range(3000)]
end = time.monotonic() + 12
while time.monotonic() < end:
    random.choice(F)(40)
END
}

check_refusals() {
	check_usage
	check_targets
	check_files
	check_disk
}
