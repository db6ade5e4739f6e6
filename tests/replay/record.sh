#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records tests/replay/data anew, from the interpreters of this machine. For
# each there is NAME.samples, some trimmed samples, and NAME.txt, their stacks
# for people to read. One small sample of some is a seed for fuzzing. By hand
# only: review the texts before committing.
#
# usage: record.sh BRINDLE [NAME...], as root
set -eu
here=$(cd "$(dirname "$0")" && pwd)
brindle=$(realpath "$1")
shift
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

# record NAME COUNT PROGRAM SECONDS COMMAND...: COUNT of the samples of COMMAND
# that runs PROGRAM, whose function work() calls the rest.
record() {
	local name=$1 count=$2 program=$3 seconds=$4 chosen
	shift 4
	cp "$program" "$work"
	(cd "$work" && env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin \
		PYTHON_JIT="${jit-0}" "$brindle" record -F 1999 \
		-o "$name.db" --keep-samples="$name.samples" -- \
		"$@" "$work/$(basename "$program")" "$seconds")
	"$brindle" replay --json --verbose "$work/$name.samples" \
		>"$work/$name.json"
	chosen=$(python3 "$here/select_samples.py" "$count" work \
		<"$work/$name.json")
	"$brindle" replay --sample "$chosen" --save "$here/data/$name.samples" \
		"$work/$name.samples"
	chmod 644 "$here/data/$name.samples"
	"$brindle" replay --verbose "$here/data/$name.samples" \
		>"$here/data/$name.txt"
	echo "$name: $(wc -c <"$here/data/$name.samples") bytes"
}

wanted() {
	[ ${#names[@]} -eq 0 ] || [[ " ${names[*]} " = *" $1 "* ]]
}

names=("$@")
mixed=$here/mixed.py
inward=$here/inward.py
unpack=$here/unpack.py
hot=$here/../programs/hot_loops.py
chmod 755 "$work"
mkdir -p "$here/data" "$seeds"
while read -r name count python; do
	wanted "$name" || continue
	[ -x "$python" ] || { echo "skip $name: no $python"; continue; }
	record "$name" "$count" "$mixed" 4 "$python"
	[ "$count" -lt 16 ] || make_seed "$name"
done <<-END
	python3.6.15 4 $root/3.6.15/bin/python3.6
	python3.7.16 4 $root/3.7.16/bin/python3.7
	python3.8.18 4 $root/3.8.18/bin/python3.8
	python3.9.18 4 $root/3.9.18/bin/python3.9
	python3.10.13 4 $root/3.10.13/bin/python3.10
	python3.11.7 16 $root/3.11.7/bin/python3.11
	python3.12.1 16 $root/3.12.1/bin/python3.12
	python3.13.0 16 $root/3.13.0/bin/python3.13
	debian3.11 16 /usr/bin/python3.11
END
! wanted python3.11.7-inward ||
	record python3.11.7-inward 5 "$inward" 2 "$root/3.11.7/bin/python3.11"
! wanted python3.9.18-unpack ||
	record python3.9.18-unpack 5 "$unpack" 2 "$root/3.9.18/bin/python3.9"
"$here/../interpreters.sh" --list >"$work/list"
while IFS=$'\t' read -r label python top <&3; do
	command=("$python")
	[ "$top" = / ] || command=("$here/../in_root.sh" "$top" "$work"
		"${python#"$top"}")
	! wanted "$label" || record "$label" 4 "$mixed" 4 "${command[@]}"
	case $label in
	*3.14 | *3.15)
		! wanted "$label-jit" ||
			jit=1 record "$label-jit" 6 "$hot" 4 "${command[@]}"
		! wanted "$label-jit-inward" ||
			jit=1 record "$label-jit-inward" 6 "$inward" 3 "${command[@]}"
		;;
	esac
done 3<"$work/list"
