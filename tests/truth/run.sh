#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh ...: the truth tests; see run.py. The last line has the counts.
# run.sh soak ...: a million samples of them; see run_soak.py.
here=$(dirname "$0")
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONDONTWRITEBYTECODE=1
if [ "${1-}" = soak ]; then
	shift
	exec "$python" "$here/run_soak.py" "$@"
fi
exec "$python" "$here/run.py" "$@"
