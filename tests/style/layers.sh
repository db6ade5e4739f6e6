#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing includes upwards: base < unwind < daemon; base < schema < web < daemon.
# And every include names its folder, so that a reader sees the layer.
cd "${srcdir:-.}" || exit 99
failed=0

check_folder() {
	folder=$1
	allowed=$2
	wrong=$(find "$folder" -name '*.[ch]' -exec \
		grep -nE '^#[[:space:]]*include[[:space:]]*"' {} + |
		grep -vE "\"($allowed)/" | grep -vE '"config\.h"')
	if [ -n "$wrong" ]; then
		echo "$folder/ may include only $allowed:"
		echo "$wrong"
		failed=1
	fi
}

check_folder base 'base'
check_folder unwind 'base|unwind'
check_folder schema 'base|schema'
check_folder web 'base|schema|web'
check_folder daemon 'base|unwind|schema|web|daemon'
check_folder tests 'base|unwind|schema|web|daemon|tests'
exit $failed
