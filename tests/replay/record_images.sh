#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records tests/replay/images anew, from the interpreters of this machine: for
# each a thread that blocks, see recorded_image.h. By hand only.
#
# usage: record_images.sh RECORD_IMAGE [LABEL...], as root
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tool=$(realpath "$1")
shift
root=${PYENV_ROOT:-$HOME/.pyenv}/versions
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/image.py" "$work"

# record LABEL COMMAND...
record() {
	local label=$1 pid tid out=$work/$1
	shift
	mkfifo "$out.blocker"
	exec 8<>"$out.blocker"
	(cd "$work" && exec env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin "$@" -I "$work/image.py" \
		<&8 >"$out.said") &
	pid=$!
	for _ in $(seq 200); do
		! grep -qx end "$out.said" 2>/dev/null || break
		sleep 0.05
	done
	tid=$(head -1 "$out.said")
	sed '1d;/^end$/d' "$out.said" >"$out.txt"
	"$tool" "$pid" "$tid" "$out" >"$out.read"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	exec 8>&-
	diff -u "$out.txt" "$out.read"
	install -m 644 "$out.txt" "$out.pages.gz" "$out.sample.gz" "$here/images"
	echo "$label: $(wc -l <"$out.txt") frames," \
		"$(cat "$out".*.gz | wc -c) bytes"
}

wanted() {
	local label
	[ ${#labels[@]} -gt 0 ] || return 0
	for label in "${labels[@]}"; do
		[ "$label" != "$1" ] || return 0
	done
	return 1
}

labels=("$@")
for python in "$root"/3.*/bin/python3; do
	label=$(basename "${python%/bin/python3}")
	! wanted "$label" || record "$label" "$python"
done
! wanted debian-3.11 || record debian-3.11 /usr/bin/python3.11
"$here/../interpreters.sh" --list >"$work/list"
while IFS=$'\t' read -r label path top <&3; do
	wanted "$label" || continue
	if [ "$top" = / ]; then
		record "$label" "$path"
	else
		record "$label" "$here/../in_root.sh" "$top" "$work" \
			"${path#"$top"}"
	fi
done 3<"$work/list"
