#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records tests/replay/data anew, from the interpreters of this machine. For
# each there is NAME.samples, a few dozen trimmed samples, and NAME.txt, their
# stacks for people to read. One small sample of each is a seed for fuzzing. By
# hand only: review the texts before committing.
#
# usage: record.sh [BRINDLE]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
brindle=$(realpath "${1:-${BRINDLE:-./brindle}}")
root=${PYENV_ROOT:-$HOME/.pyenv}/versions
seeds=$here/../fuzz/corpus/sample_file
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The proven sample that makes the smallest recording.
make_seed() {
	local name=$1 number best=
	for number in $(sed -n 's/^sample \([0-9]*\):.*, proven,.*/\1/p' \
		"$here/data/$name.txt"); do
		"$brindle" replay --sample "$number" --save "$work/seed" \
			"$here/data/$name.samples" >/dev/null
		[ -z "$best" ] || [ "$(stat -c %s "$work/seed")" -lt \
			"$(stat -c %s "$best")" ] || continue
		best=$work/best
		cp "$work/seed" "$best"
	done
	install -m 644 "$best" "$seeds/$name"
}

# record NAME PYTHON
record() {
	local name=$1 python=$2 chosen
	[ -x "$python" ] || { echo "skip $name: no $python"; return; }
	cp "$here/mixed.py" "$work/mixed.py"
	(cd "$work" && env -i PATH=/usr/bin:/bin "$brindle" record -F 1999 \
		-o "$name.db" --keep-samples "$name.samples" -- \
		"$python" -I mixed.py 4)
	"$brindle" replay --json --verbose "$work/$name.samples" \
		>"$work/$name.json"
	chosen=$("$python" "$here/select_samples.py" 16 work \
		<"$work/$name.json")
	"$brindle" replay --sample "$chosen" --save "$here/data/$name.samples" \
		"$work/$name.samples"
	chmod 644 "$here/data/$name.samples"
	"$brindle" replay --verbose "$here/data/$name.samples" \
		>"$here/data/$name.txt"
	make_seed "$name"
}

mkdir -p "$here/data" "$seeds"
record python3.11.7 "$root/3.11.7/bin/python3.11"
record python3.12.1 "$root/3.12.1/bin/python3.12"
record python3.13.0 "$root/3.13.0/bin/python3.13"
record debian3.11 /usr/bin/python3.11
