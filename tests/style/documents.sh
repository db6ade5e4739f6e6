#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the documents name is there: files of the tree, and limits of the code.
# Their prose is wrapped, so that a change of a word is a change of a line.
cd "${srcdir:-.}" || exit 99
documents="README.md docs/*.md schema/README.md"
failed=0

complain() {
	echo "$1"
	failed=1
}

# named PATTERN: what stands between two ` and is all of that form.
named() {
	# shellcheck disable=SC2086 # patterns
	grep -hoE "\`$1\`" $documents | tr -d '`' | sort -u
}

paths=$(named '[a-z]+/[a-zA-Z_/0-9.-]+\.(h|c|py|sh|sql|md|yaml)')
[ "$(echo "$paths" | wc -l)" -ge 40 ] || complain "too few paths: $paths"
for path in $paths; do
	[ -e "$path" ] || complain "a document names '$path', which is not there"
done

for name in $(named '[A-Z][A-Z0-9]*(_[A-Z0-9]+)+_(MAX|MIN|LIMIT|BUDGET)'); do
	grep -rqw --include='*.[ch]' "$name" base unwind schema daemon web ||
		complain "a document names $name, which is not there"
done

# Tables cannot be wrapped.
# shellcheck disable=SC2086 # patterns
long=$(expand $documents | grep -vE '^\||^!\[' | grep -cE '^.{171,}')
[ "$long" -eq 0 ] || complain "$long lines of prose over 170 columns"
exit $failed
