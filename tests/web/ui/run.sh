#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The pure parts of the dashboard, and the types of all of it. Node is needed
# for this only: what is built from web/ui is committed.
set -eu
ui=${srcdir:-.}/web/ui
if ! command -v node >/dev/null; then
	echo "skipped: no node (apt-get install nodejs)"
	exit 77
fi
if [ ! -d "$ui/node_modules" ]; then
	echo "skipped: no packages (npm ci in web/ui)"
	exit 77
fi
cd "$ui"
node node_modules/typescript/bin/tsc --noEmit
node test.mjs
