#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All CFI rows of this machine's own libraries, against readelf.
: "${top_srcdir:=.}" "${top_builddir:=.}"

libraries=$(sed -n 's,^[^/]*\(/.*/\(libc\|ld-linux[^/]*\|libm\)\.so[.0-9]*\)$,\1,p' \
	/proc/self/maps | sort -u)

command -v python3 >/dev/null || { echo "no python3"; exit 77; }
# shellcheck disable=SC2086 # a list of paths without blanks
exec python3 "$top_srcdir/tests/unwind/native/compare_rows.py" \
	"$top_builddir/tests/unwind/native/print_rows" \
	$libraries "$top_builddir/tests/unwind/native/print_rows"
