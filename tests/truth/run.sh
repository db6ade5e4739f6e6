#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The truth tests; see run.py. The last line has the counts.
here=$(dirname "$0")
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONDONTWRITEBYTECODE=1
exec "$python" "$here/run.py" "$@"
