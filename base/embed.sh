#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh INPUT OUTPUT.c: writes C source that defines the bytes of INPUT as
# a struct embedded_file (base/embed.h), named after the file.
set -eu
input=$1
output=$2
# What is missing must not become a file of nothing.
test -s "$input"
name=$(basename "$input" | tr -c 'A-Za-z0-9_\n' '_')
{
	printf '#include "base/embed.h"\n\n'
	printf 'static const unsigned char bytes[] = {\n'
	od -An -v -tx1 "$input" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
	printf '0x00 };\n\n'
	printf 'EMBEDDED_FILE(%s);\n' "$name"
	printf 'const struct embedded_file embedded_%s = {\n' "$name"
	printf '\t(const char *)bytes, sizeof(bytes) - 1,\n};\n'
} >"$output.tmp"
mv "$output.tmp" "$output"
