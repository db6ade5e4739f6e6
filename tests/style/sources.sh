#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Size and form of the sources: at most 600 lines, 100 columns, a licence line,
# and fewer than 4 conditionals per 1,000 lines (header guards apart).
cd "${srcdir:-.}" || exit 99
sources=$(find base unwind schema web/api web/server web/sql daemon tests \
	-name '*.[ch]' ! -name '*_sql.c' ! -name '*_html.c' ! -name '*_md.c' \
	! -name '*_js.c' ! -name '*_css.c' | sort)
failed=0

complain() {
	echo "$1"
	failed=1
}

for file in $sources; do
	[ "$(wc -l <"$file")" -le 600 ] || complain "$file: over 600 lines"
	head -1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		complain "$file: no licence line"
done

# shellcheck disable=SC2086 # a list
long=$(expand $sources /dev/null | grep -cE '^.{101,}')
[ "$long" -eq 0 ] || for file in $sources; do
	expand "$file" | grep -nE '^.{101,}' | sed "s|^|$file:|"
done
[ "$long" -eq 0 ] || complain "$long lines over 100 columns"

# shellcheck disable=SC2086
lines=$(cat $sources | wc -l)
# shellcheck disable=SC2086
conditionals=$(cat $sources |
	grep -E '^#[[:space:]]*(if|ifdef|ifndef|elif)\b' |
	grep -cvE '^#ifndef BRINDLE_[A-Z0-9_]+_H$')
[ $((conditionals * 1000)) -lt $((lines * 4)) ] ||
	complain "$conditionals conditionals in $lines lines"
exit $failed
