# SPDX-License-Identifier: Apache-2.0
# An allocation that fails: another one each time, all over the run. The command
# may fail, or go on without; it must not crash.
# shellcheck shell=bash

# survives NAME NUMBERS COMMAND...: the command ends by itself each time.
survives() {
	local name=$1 numbers=$2 number worst=0 at=
	shift 2
	[[ $name =~ $pattern ]] || return 0
	for number in $numbers; do
		FAIL_AT=$number LD_PRELOAD=$work/no_memory.so \
			run 20 "$@"
		[ "$status" -lt 124 ] && continue
		worst=$status at="$at $number"
	done
	status=$worst out="allocations$at"
	expect "$name" [ "$worst" = 0 ]
}

check_memory() {
	local data=$here/../replay/data format
	compile no_memory.so ../programs/no_memory.c -fPIC -shared || return
	run 20 ./brindle record -F 499 -o memory.db -- \
		$python -c "sum(range(30000000))"
	survives "no memory: report" "$(seq 1 5 150)" \
		./brindle report --db memory.db
	for format in pprof html; do
		survives "no memory: export $format" "$(seq 1 41 500)" \
			./brindle export --db memory.db -f $format -o memory.out
	done
	survives "no memory: unwinding" "$(seq 1 17 300) $(seq 400 397 6000)" \
		./brindle replay "$data/python3.11.7.samples"
	survives "no memory: recording" "$(seq 1 89 1000) $(seq 1500 1900 20000)" \
		./brindle record -F 499 -o lean.db -- \
		env -u LD_PRELOAD $python -c "sum(range(3000000))"
}
