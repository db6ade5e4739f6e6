#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The flame graph page in a real browser, as far as there is one.
for browser in chromium chromium-browser google-chrome; do
	command -v "$browser" >/dev/null && break
	browser=
done
if [ -z "$browser" ]; then
	echo "skipped: no chromium (apt-get install chromium)"
	exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${top_builddir:-.}/tests/schema/make_pages" "$folder" || exit 1
python3 "${srcdir:-.}/tests/schema/flame_browser.py" "$browser" "$folder"
