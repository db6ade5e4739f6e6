#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone, twice included, and its guard bears its path.
cd "${srcdir:-.}" || exit 99
failed=0

for header in $(find base unwind schema web/api web/server web/sql daemon tests -name '*.h' | sort); do
	guard=BRINDLE_$(echo "$header" | tr 'a-z/.' 'A-Z__')
	if ! grep -q "^#ifndef $guard\$" "$header"; then
		echo "$header: the guard should be $guard"
		failed=1
	fi
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror \
			-fsyntax-only -x c - || failed=1
done
exit $failed
