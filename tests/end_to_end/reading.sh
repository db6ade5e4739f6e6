# SPDX-License-Identifier: Apache-2.0
# Commands that read: they run on the profile of a mixed program.

check_help() {
	local name
	run 5 ./brindle --version
	expect "--version" works '[0-9]+\.[0-9]+'
	run 5 ./brindle --help
	expect "--help names the commands" works 'record'
	for name in record report flame diff query export dump doctor \
		replay; do
		run 5 ./brindle $name --help
		expect "$name --help" works_any_case 'usage'
	done
}

check_formats() {
	run 10 ./brindle query --json "SELECT 1 AS a, 'x\"y' AS b"
	expect "query --json: valid" $python -c '
import json, sys
assert json.load(open("out.txt")) == [{"a": 1, "b": "x\"y"}]'
	run 10 ./brindle query --csv "SELECT 'a,b' AS x, 2 AS y"
	expect "query --csv: quoted" $python -c '
import csv
assert list(csv.reader(open("out.txt"))) == [["x", "y"], ["a,b", "2"]]'
	run 10 ./brindle query "SELECT trust, count(*) FROM v_sample GROUP BY 1"
	expect "query: a table" works 'proven'
	run 10 ./brindle query --from -1h --process 'python*' \
		"SELECT count(*) > 0 FROM v_function"
	expect "query: of a range and a process" works '1'
	run 10 ./brindle report --from "@1,@2"
	expect "report: a time that is none" fails 2 'is no time: write now'
	run 10 ./brindle report --timeline
	expect "report: a timeline" works 'full height'
	run 10 ./brindle diff brindle.db brindle.db
	expect "diff: with itself" works "No function's share changed"
	run 10 ./brindle export --format folded
	expect "export folded: lines" works '^.*outer.*;.* [0-9]+$'
	expect "export folded: all samples" [ "$(awk '{n += $NF}
		END {print n}' out.txt)" = "$(count 'SELECT count(*) FROM v_sample
		WHERE callsite_id IS NOT NULL AND callsite_id != 0')" ]
}

check_reading() {
	check_help
	run 10 ./brindle report
	expect "report: host, trust, functions" works 'inner'
	expect "report: counts samples" works_any_case 'samples'
	run 10 bash -c "./brindle report | head -1"
	expect "report: survives a closed pipe" [ "$status" = 0 -a \
		"$err" = "brindle: reading brindle.db" ]
	run 10 ./brindle flame -o flame.html
	expect "flame: succeeds" [ "$status" = 0 -a -s flame.html ]
	expect "flame: names in it" grep -q 'outer' flame.html
	expect "flame: nothing from outside" \
		bash -c "! grep -qE '(src|href)=.https?:' flame.html"
	cp flame.html before.html
	run 10 ./brindle flame --from -1h --to -2h -o flame.html
	expect "flame: a wrong range costs no file" cmp -s flame.html before.html
	run 10 ./brindle flame --from -1h --to -2h -o none.html
	expect "flame: a wrong range leaves no file" \
		[ "$status" = 2 -a ! -e none.html ]
	run 10 ./brindle export --format folded -o flame.html
	expect "export: in place of a longer file" eval \
		'[ "$status" = 0 ] && ! grep -q "<html" flame.html'
	check_formats
	run 10 ./brindle doctor
	expect "doctor: names the sysctl" works 'paranoid'
	run 10 ./brindle doctor --json
	expect "doctor --json: valid" $python -c '
import json
json.load(open("out.txt"))'
}
