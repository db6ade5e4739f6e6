#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `brindle replay` as a user meets it: output, files, exit statuses.
set -u
brindle=$(realpath "${top_builddir:-.}/brindle")
srcdir=$(realpath "${srcdir:-.}")
data=$srcdir/tests/replay/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
failed=0

# expect STATUS PATTERN ARGUMENT...: status, and a line of either output.
expect() {
	local status=$1 pattern=$2 got
	shift 2
	"$brindle" replay "$@" >out 2>err </dev/null
	got=$?
	if [ "$got" -ne "$status" ] || ! grep -qE -- "$pattern" out err; then
		echo "FAIL replay $*: status $got, no '$pattern' in:"
		head -5 out err
		failed=1
	fi
}

for file in "$data"/*.samples; do
	name=$(basename "$file" .samples)
	expect 0 '^[0-9]+ samples: [0-9]+ equal, 0 different$' "$file"
	"$brindle" replay --verbose "$file" | cmp - "$data/$name.txt" || failed=1
done
good=$data/python3.12.1.samples

expect 0 '"different":0' --json "$good"
expect 0 '"name":"work"' --json --verbose "$good"
expect 0 '^2 samples: 2 equal' --sample 1,3-3 "$good"
expect 0 'samples: ' -o made.db --save made.samples "$good"
expect 0 'samples: ' made.samples
cmp made.samples "$good" || failed=1
"$brindle" report --db made.db | grep -q 'python  *work' || {
	echo "FAIL no function 'work' in the profile"
	failed=1
}

head -c 60000 "$good" >cut.samples
expect 1 "cut.samples': truncated recording: [0-9]+ samples read" cut.samples
expect 1 '"problem":".*truncated recording' --json cut.samples
head -c 10 "$good" >tiny.samples
expect 1 'not a recording of samples' tiny.samples
expect 1 'not a recording of samples' made.db
expect 1 'not a regular file' .
expect 1 'No such file' none.samples
expect 1 'will not overwrite' --save made.db "$good"
expect 1 'no such sample' --sample 4711 "$good"
expect 2 'which recording'
expect 2 'one recording' a b
expect 2 '--sample wants numbers' --sample 3- "$good"
expect 2 '--sample wants numbers' --sample x "$good"

# A changed result is told and shown: here the last frame of the only sample,
# whose last word precedes a verdict (24 bytes) and the end (16).
seed=$srcdir/tests/fuzz/corpus/sample_file/python3.12.1
cp "$seed" changed.samples && chmod u+w changed.samples
printf '\1' | dd of=changed.samples bs=1 conv=notrunc status=none \
	seek=$(($(stat -c %s "$seed") - 48))
expect 1 '^1 samples: 0 equal, 1 different' changed.samples
expect 1 '^sample 0, recorded: ' changed.samples
expect 1 '^sample 0, replayed: ' changed.samples
expect 1 '"equal":false' --json changed.samples
expect 0 'keep-samples' --help
exit $failed
