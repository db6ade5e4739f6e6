#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# join.sh FOLDER OUTPUT: makes one page of the parts in FOLDER. What remains to
# be filled in is @PROFILE@. The page may run the style and the script in it,
# by their SHA-256, and nothing else.
set -eu
folder=$1
output=$2
scripts="profile tree search palette format chart header details table menu
	app input start"

# CSP Level 3, 6.7.2.4: the hash of the text between the tags, in base64.
hash_of() {
	digest=$(sha256sum "$1" | cut -c1-64 | sed 's/../\\x&/g')
	env printf "$digest" | base64
}

{
	printf '"use strict";\n(() => {\n'
	for script in $scripts; do
		cat "$folder/$script.js"
	done
	printf '})();\n'
} >"$output.js"
cp "$folder/style.css" "$output.css"
policy="default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:;"
policy="$policy script-src 'sha256-$(hash_of "$output.js")';"
policy="$policy style-src 'sha256-$(hash_of "$output.css")'"

# Tags and text on one line each, so that nothing but the text is hashed.
while IFS= read -r line; do
	case $line in
	*@POLICY@*) printf '%s\n' "${line%%@*}$policy${line##*@}" ;;
	*@STYLE@*)
		printf '%s' "${line%%@*}"
		cat "$output.css"
		printf '%s\n' "${line##*@}"
		;;
	*@SCRIPT@*)
		printf '%s' "${line%%@*}"
		cat "$output.js"
		printf '%s\n' "${line##*@}"
		;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$folder/page.html" >"$output.tmp"
rm -f "$output.js" "$output.css"
mv "$output.tmp" "$output"
