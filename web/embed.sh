#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh FOLDER OUTPUT.c FILE...: compresses the files into FOLDER, and writes
# C source with the table of them (web/server/asset.h). "index.html" is "/".
set -eu
folder=$1
output=$2
shift 2
mkdir -p "$folder"

content_type() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml' ;;
	*.yaml) echo 'application/yaml' ;;
	*) echo "embed.sh: what is $1?" >&2; exit 1 ;;
	esac
}

address() {
	case $1 in
	*/openapi.yaml) echo /api/v1/openapi.yaml ;;
	*/index.html) echo / ;;
	*) echo "/${1##*/}" ;;
	esac
}

# Bytes with names in a section that cannot be written to.
carry() {
	printf '__asm__(".pushsection .rodata\\n"\n'
	printf '\t".balign 16\\nasset_%s: .incbin \\"%s\\"\\n"\n' "$1" "$2"
	printf '\t"asset_%s_end: .byte 0\\n.popsection");\n' "$1"
	printf 'extern const unsigned char asset_%s[], asset_%s_end[];\n' \
		"$1" "$1"
}

{
	printf '#include "web/server/asset.h"\n\n'
	number=0
	for file; do
		gzip -9nc "$file" >"$folder/$number.gz"
		carry "$number" "$folder/$number.gz"
		number=$((number + 1))
	done
	printf '\nconst struct asset assets[] = {\n'
	number=0
	for file; do
		etag=$(sha256sum <"$file" | cut -c1-16)
		printf '\t{ "%s", "%s", "\\"%s\\"",\n\t  asset_%s, asset_%s_end, %s },\n' \
			"$(address "$file")" "$(content_type "$file")" "$etag" \
			"$number" "$number" "$(wc -c <"$file")"
		number=$((number + 1))
	done
	printf '\t{ 0, 0, 0, 0, 0, 0 },\n};\n'
} >"$output.tmp"
mv "$output.tmp" "$output"
