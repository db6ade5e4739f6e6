#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# conform.sh [--long]: does the server do what web/openapi.yaml says, asked
# whatever that allows and what it does not? schemathesis makes the requests; it
# comes once, into a folder outside the tree, and stays: $BRINDLE_SCHEMATHESIS,
# or ~/.cache/brindle/schemathesis. Without it the test is skipped.
set -u
version=4.32.5
requests=4 phases=examples,fuzzing workers=2
# CPython 3.11 cannot make syntax trees in two threads at once, which coverage
# does: "AST constructor recursion depth mismatch".
[ "${1-}" != --long ] ||
	requests=100 phases=examples,coverage,fuzzing workers=1
venv=${BRINDLE_SCHEMATHESIS:-$HOME/.cache/brindle/schemathesis}
source=$(realpath "${srcdir:-.}")
build=$(realpath "${top_builddir:-.}")

skip() {
	echo "conform: skipped: $*"
	exit 77
}

bring() {
	"$venv/bin/schemathesis" --version 2>/dev/null | grep -qF "$version" &&
		return 0
	python3 -m venv "$venv" >/dev/null 2>&1 || return 1
	timeout 120 "$venv/bin/pip" install --quiet \
		"schemathesis==$version" >/dev/null 2>&1
}

bring || skip "no schemathesis $version from PyPI"
folder=$(mktemp -d /tmp/brindle-conform-XXXXXX)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder" || exit 1

"$build/tests/schema/show/make_hostile" hostile.db >/dev/null || exit 1
"$build/brindle" serve --no-token hostile.db >address 2>errors &
server=$!
for _ in $(seq 100); do
	[ -s address ] && break
	sleep 0.2
done

# What is no method of ours is refused with 501, which it takes for a fault.
cat >schemathesis.toml <<-END
	[phases.coverage]
	unexpected-methods = []
END
"$venv/bin/schemathesis" --config-file schemathesis.toml run \
	--url "$(cat address)" "$source/web/openapi.yaml" --seed 1 \
	--phases "$phases" --max-examples "$requests" --workers "$workers" \
	--exclude-path /api/v1/events --exclude-path /api/v1/session \
	--checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
	>report 2>&1
status=$?
[ $status -eq 0 ] || { cat report errors; exit 1; }
kill -0 "$server" || { echo "conform: the server is gone"; exit 1; }
grep -E 'generated|passed' report
