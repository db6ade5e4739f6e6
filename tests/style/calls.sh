#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls run downwards: no file is called back by one that it calls.
objects=${top_builddir:-.}
exec python3 "${srcdir:-.}/tests/style/calls.py" "$objects/libbase.a" \
	"$objects/libunwind.a" "$objects/libschema.a" "$objects/libweb.a" \
	"$objects/libdaemon.a"
