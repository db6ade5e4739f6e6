#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The manual has every command and every option of `brindle --help` and no
# other, and what README.md, docs/ and the program tell people to type can be
# typed.
top=$(cd "${srcdir:-.}" && pwd)
manual=$top/docs/brindle.1
# shellcheck source=tests/packaging/commands.sh
. "${srcdir:-.}/tests/packaging/commands.sh"

# "COMMAND --option -o", or "COMMAND --option" if it has no short name.
known=$(for command in $commands; do
	brindle "$command" --help |
		sed -nE "s/^ {2}((-.), |    )(--[a-z-]+).*/$command \3 \2/p"
done | grep -vE ' --(help|usage) ')
[ "$(wc -l <<<"$known")" -ge 100 ] || complain "too few options: $known"

# "COMMAND WORD..." for each paragraph of COMMANDS: whose entry it is ("all"
# when of several), and the options in it.
told=$(sed 's/\\-/-/g; s/\\f[A-Z]/ /g' "$manual" | awk '
	/^\.SH/ { inside = $2 == "COMMANDS"; entry = "all" }
	/^\.RS/ { nested = 1 }
	/^\.RE/ { nested = 0 }
	/^\.PP/ && !nested { entry = "all" }
	tag && !nested {
		entry = /^\.B Which samples/ ? "all" : $2
		print entry
	}
	{ tag = inside && /^\.TP/ }
	# Of other programs.
	/^\.B (ssh|setsid) / { next }
	inside {
		gsub(/[^-a-z0-9A-Z]/, " ")
		count = split($0, words, / +/)
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^(-[a-zA-Z]|--[a-z][a-z-]*)$/)
				print entry, words[i]
	}')

# $1: the text of the manual, of one form: "COMMAND" or "COMMAND OPTION".
is_told() {
	grep -qxF -- "$1" <<<"$told"
}

for command in $commands; do
	is_told "$command" ||
		complain "the manual has no entry for '$command'"
done
while read -r command option short; do
	is_told "$command $option" || is_told "all $option" ||
		{ [ -n "$short" ] && { is_told "$command $short" ||
		  is_told "all $short"; }; } ||
		complain "the manual does not tell of $command $option"
done <<<"$known"
while read -r command option; do
	case $command.$option in
	all.) ;;
	*.) grep -qxF -- "$command" <<<"$commands" ||
		complain "the manual has an entry for '$command'" ;;
	*) grep -qE -- " $option( |$)" <<<"$known" || [ "$option" = --help ] ||
		complain "the manual tells of $option, at $command" ;;
	esac
done < <(sort -u <<<"$told")

# Lines of examples, and what stands between ` and `; of a command that is
# profiled the options are its own.
typed=$(cd "$top" && {
	sed -nE 's/^(sudo )?(brindle [a-z].*)/\2/p' README.md docs/*.md \
		schema/README.md
	# shellcheck disable=SC2016 # marks of the text
	{
		cat README.md docs/*.md schema/README.md
		# Texts of the program, each on one line.
		find daemon schema web/api web/server -name '*.c' -exec cat {} + |
			tr '\n' ' ' | sed -E 's/"[[:space:]]+"//g'
	} | grep -hoE '`brindle [a-z][^`]*`' | tr -d '`'
} | sed -E 's/ -- .*//; s/  +#.*//; s/"[^"]*"//g')
[ "$(wc -l <<<"$typed")" -ge 20 ] || complain "too few examples: $typed"
while read -r _ command rest; do
	# A sentence that begins with the name of the program, and "help COMMAND".
	[[ $command =~ ^(has|is|reads|asks|help)$ ]] && continue
	grep -qxF -- "$command" <<<"$commands" ||
		complain "the texts tell of brindle $command"
	for option in $(grep -oE -- '(^|[ [|])-(-[a-z-]+|[a-zA-Z])\b' <<<"$rest" |
			tr -d ' [|'); do
		grep -qE -- "^$command .*$option( |$)" <<<"$known" ||
			complain "the texts tell of $command $option"
	done
done <<<"$typed"
exit "$failed"
