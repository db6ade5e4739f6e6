#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exports of a profile whose names want to be more than names, read.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build=${top_builddir:-.}
"$build/tests/schema/show/make_hostile" "$folder/hostile.db" \
	>"$folder/names.json" || exit 1
python3 "${srcdir:-.}/tests/schema/show/exports.py" "$build/brindle" "$folder"
