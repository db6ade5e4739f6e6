#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SQL that wants more than to read, over HTTP.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build=${top_builddir:-.}
# What AddressSanitizer keeps of freed memory is no growth of the server's.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1"
ASAN_OPTIONS=$ASAN_OPTIONS:thread_local_quarantine_size_kb=16
ASAN_OPTIONS=$ASAN_OPTIONS:allocator_release_to_os_interval_ms=100
"$build/tests/schema/show/make_hostile" "$folder/hostile.db" >/dev/null ||
	exit 1
python3 "${srcdir:-.}/tests/web/sql/attacks.py" "$build/brindle" \
	"$folder/hostile.db"
