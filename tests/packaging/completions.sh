#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In each shell that is here: every command and every option of `brindle --help`
# is offered, and the words that an option takes.
docs=$(cd "${srcdir:-.}/docs" && pwd)
# shellcheck source=tests/packaging/commands.sh
. "${srcdir:-.}/tests/packaging/commands.sh"

# "COMMAND OPTION" for each; --help is not asked for, as fish has its own.
known=$(for command in $commands; do
	brindle "$command" --help | grep -oE '^ {2}(-., |    )--[a-z-]+' |
		grep -oE -- '--[a-z-]+' | sed "s/^/$command /"
done | grep -v -- ' --help$' | sort)
[ "$(wc -l <<<"$known")" -ge 100 ] || complain "too few options: $known"

# Each reads lines, and prints "LINE => WORD" for each word offered at its end.
offered_by_bash() {
	bash -c '. "$1"
		while IFS= read -r line; do
			read -ra COMP_WORDS <<<"$line"
			[[ $line != *" " ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_brindle brindle "${COMP_WORDS[COMP_CWORD]}"
			printf "$line => %s\n" "${COMPREPLY[@]}"
		done' - "$docs/brindle"
}

offered_by_fish() {
	fish --no-config -c 'source $argv[1]
		while read --null line
			for word in (complete -C $line | string replace -r "\t.*" "")
				echo "$line => $word"
			end
		end' "$docs/brindle.fish" < <(tr '\n' '\0')
}

# What _arguments and _describe are given.
offered_by_zsh() {
	zsh -f -c 'source <(sed "\$d" "$1")
		while IFS= read -r line; do
			words=(${=line})
			if (( $#words == 1 )); then
				_brindle_commands brindle | sed "s/:.*//"
			else
				_brindle_specifications brindle $words[2] |
					sed -E "s/^[*]?(-[^=[]*).*/\1/"
			fi | sed "s/^/$line => /"
		done' - "$docs/_brindle"
}

# $1: the shell
everything_is_offered() {
	local missing
	missing=$(comm -13 <({
		echo "brindle "
		for command in $commands; do
			echo "brindle $command --"
		done
	} | "offered_by_$1" | sed 's/^brindle \(.*\) => /\1 /; s/ -- / /' |
		sort -u) <({
		sed 's/^/ /' <<<"$commands"
		echo "$known"
	} | sort -u))
	[ -z "$missing" ] || complain "$1 does not offer:" "$missing"
}

# $1: the shell; $2: a line; $3: all words that are offered at its end.
offers() {
	local got
	got=$("offered_by_$1" <<<"$2" | sed 's/.* => //' | tr '\n' ' ')
	[ "$got" = "$3 " ] || complain "$1: $2: $got"
}

test_bash() {
	everything_is_offered bash
	offers bash "brindle top --view pro" processes
	offers bash "brindle top --language = py" python
	offers bash "brindle export -f sp" speedscope
	offers bash "brindle flame --grain " "function line"
	offers bash "brindle report --user roo" root
	offers bash "brindle report --db /etc/hostnam" /etc/hostname
	offers bash "brindle help repo" report
}

test_fish() {
	everything_is_offered fish
	offers fish "brindle top --view pro" processes
	offers fish "brindle top --language=py" --language=python
	offers fish "brindle export -f sp" speedscope
	offers fish "brindle flame --grain " "function line"
	offers fish "brindle report --user roo" root
	offers fish "brindle help repo" report
}

# In one shell at a terminal, line $1, $3, ... and a tab make line $2, $4, ...
# What comes before its prompt zsh throws away.
zsh_completes() {
	local got
	got=$(TERM=dumb PS1=ready timeout 20 zsh -f -c '
		zmodload zsh/zpty
		zpty shell "zsh -f -i"
		zpty -r shell out "*ready*"
		zpty -w shell "PS1=; fpath=($1 \$fpath)"
		zpty -w shell "autoload -Uz compinit; compinit -u -D"
		zpty -w shell "echo begun:\$((1 + 1))"
		zpty -r shell out "*begun:2*"
		shift
		while (( $# )); do
			zpty -n -w shell "$1$(printf "\t")"
			zpty -r shell out "*$2*" && print -r -- "$2"
			zpty -n -w shell "$(printf "\025")"
			shift 2
		done
		zpty -d shell' - "$docs" "$@")
	while [ $# -gt 0 ]; do
		grep -qxF -- "$2" <<<"$got" ||
			complain "zsh: '$1' does not become '$2'"
		shift 2
	done
}

test_zsh() {
	everything_is_offered zsh
	zsh_completes "brindle doc" "brindle doctor" \
		"brindle top --la" "brindle top --language=" \
		"brindle top --view pro" "brindle top --view processes" \
		"brindle export -f sp" "brindle export -f speedscope" \
		"brindle flame --grain l" "brindle flame --grain line"
}

test_bash
for shell in zsh fish; do
	if command -v "$shell" >/dev/null; then
		"test_$shell"
	else
		echo "$shell is not here, its completion is not tested"
	fi
done
exit "$failed"
