#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What runs while a thread is frozen calls nothing but what is listed.
objects=${top_builddir:-.}
if nm "$objects/libdaemon.a" 2>/dev/null | grep -q __asan_; then
	echo "skipped: a sanitizer's calls are everywhere"
	exit 77
fi
exec python3 "${srcdir:-.}/tests/style/frozen.py" \
	"${srcdir:-.}/tests/style/frozen_symbols.txt" \
	"$objects/libdaemon.a" "$objects/libunwind.a" "$objects/libbase.a"
