#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No mutable globals: nothing of ours lies in .data or .bss, but the error that
# must need no memory.
objects=${top_builddir:-.}
archives="$objects/libbase.a $objects/libunwind.a $objects/libschema.a
	$objects/libweb.a $objects/libdaemon.a"
# shellcheck disable=SC2086 # a list
if nm $archives 2>/dev/null | grep -q __asan_; then
	echo "skipped: a sanitizer keeps data of its own"
	exit 77
fi
# 0000000000000000 g     O .data	0000000000000010 error_nomem
# shellcheck disable=SC2086
wrong=$(objdump -t $archives |
	grep -E ' O \.(data|bss)[[:space:]]' |
	grep -vE ' error_nomem$')
[ -z "$wrong" ] || { echo "$wrong"; exit 1; }
