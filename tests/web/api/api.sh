#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every route, of a profile with hostile names.
build=${top_builddir:-.}
exec python3 "${srcdir:-.}/tests/web/api/api.py" "$build/brindle" \
	"$build/tests/schema/show/make_hostile"
