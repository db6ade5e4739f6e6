# SPDX-License-Identifier: Apache-2.0
# fish completion for brindle: commands, options and the words that they take
# are what `brindle help` and `brindle COMMAND --help` say.

# A line for each option of command $argv[1], between tabs: short, long, whether
# its value is optional, value, words of the value, what it does.
#   -b, --db=FILE              the profile to read
#       --keep-samples[=FILE]  also keep the raw samples
#       --language=WHICH       all, python, native or kernel; what comes behind
#                              a semicolon is no word
function __brindle_options
	brindle $argv[1] --help 2>/dev/null </dev/null |
		sed -E -e :a -e '$!N; s/\n {20,}/ /; ta' -e 'P; D' |
		awk -v OFS='\t' '
	/^ *-/ {
		short = ""
		sub(/^ */, "")
		if (/^-.,/) {
			short = substr($0, 2, 1)
			sub(/^-., */, "")
		}
		long = substr($1, 3)
		doc = words = $0
		sub(/^[^ ]* */, "", doc)
		value = index(long, "=") ? substr(long, index(long, "=") + 1) : ""
		optional = sub(/\]$/, "", value)
		sub(/\[?=.*/, "", long)
		words = doc
		sub(/;.*/, "", words)
		gsub(/,| or /, " ", words)
		if (value !~ /^(WHICH|ORDER|WHAT)$/)
			words = ""
		if (long == "format")
			format = short OFS long OFS optional OFS value
		else
			print short, long, optional, value, words, doc
	}
	/^$/ { formats = 0 }
	formats { names = names " " $1 }
	/^Formats/ { formats = 1 }
	END {
		if (format)
			print format, substr(names, 2), "the format"
	}'
end

function __brindle_commands
	brindle help 2>/dev/null </dev/null |
		string match -r '^  [a-z]+  +[a-z`].*' |
		string replace -r '^ +([a-z]+) +' '$1\t'
end

function __brindle_processes
	for pid in (string match -r '^\d+$' (path basename /proc/*))
		echo $pid\t(cat /proc/$pid/comm 2>/dev/null)
	end
end

function __brindle_add -a command line
	set -l fields (string split \t -- $line)
	set -l names -l $fields[2] -d $fields[6]
	set -l value
	test -n "$fields[1]" && set -a names -s $fields[1]
	if test -n "$fields[4]" -a "$fields[3]" = 0
		switch $fields[4]
			case FILE
				set value -r -F
			case '*UID'
				set value -x -a '(__fish_complete_users)'
			case '*PID'
				set value -x -a '(__brindle_processes)'
			case '*'
				set value -x -a $fields[5]
		end
	end
	complete -c brindle -n "__fish_seen_subcommand_from $command" \
		$names $value
end

complete -c brindle -n __fish_use_subcommand -f -a '(__brindle_commands)'
complete -c brindle -n '__fish_seen_subcommand_from help' -f \
	-a '(__brindle_commands)'
for command in (__brindle_commands | string replace -r '\t.*' '')
	for line in (__brindle_options $command)
		__brindle_add $command $line
	end
end
