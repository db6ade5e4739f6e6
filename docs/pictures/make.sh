#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the pictures of docs/ anew: records a small web service (shop.py) and
# takes its dashboard in Chromium. pip fetches what the service is made of; the
# browser is driven by what tests/web/browser drives it with.
#
# usage: [PYTHON=PROGRAM] make.sh [BRINDLE [FOLDER]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ui=$here/../../web/ui
brindle=$(realpath "${1:-./brindle}")
out=$(realpath "${2:-$here/..}")
chromium=$(command -v chromium || command -v chromium-browser)
work=$(mktemp -d /tmp/shop-XXXXXX)
server=

cleanup() {
	[ -z "$server" ] || kill "$server"
	rm -rf "$work"
}
trap cleanup EXIT

[ -d "$ui/node_modules/playwright-core" ] ||
	(cd "$ui" && npm ci --no-audit --no-fund --silent)
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"

cp "$here/shop.py" "$work"
cd "$work"
PATH=$work/venv/bin:$PATH "$brindle" record -F 299 -o shop.db -- \
	python3 shop.py 45 >log 2>&1 || { cat log; exit 1; }
"$brindle" serve --port 0 --no-token shop.db >log 2>&1 &
server=$!
for _ in $(seq 100); do
	address=$(grep -oE 'http://[^ ]+' log | head -1) || true
	[ -z "$address" ] || break
	sleep 0.1
done
node "$here/take.mjs" --ui "$ui" --chromium "$chromium" \
	--base "$address" --source "$work/shop.py" --screenshots "$out"
