#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh [--no-install]: builds Brindle and shows what it does, on a
# program that goes back and forth between Python and C.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/packages.sh
. .ci/packages.sh

usage() {
	echo "usage: ./quickstart.sh [--no-install]"
	echo "Installs the build packages (unless --no-install), builds in"
	echo "build/, profiles a small program and draws its flame graph."
}

install=yes
for argument; do
	case $argument in
	--no-install) install=no ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done

say() {
	printf '\n==> %s\n' "$*"
}

# Runs "$@" quietly; what it said is shown only when it failed.
quietly() {
	if ! "$@" >build/quickstart.log 2>&1; then
		tail -40 build/quickstart.log >&2
		echo "quickstart: '$*' failed; all of it: build/quickstart.log" >&2
		exit 1
	fi
}

mkdir -p build
if [ $install = yes ]; then
	say "build packages"
	# shellcheck disable=SC2086 # a list
	install_packages $build_packages
fi

say "building in build/ (a minute or two the first time)"
[ -x configure ] || quietly ./autogen.sh
cd build
mkdir -p build # where quietly writes, from here
[ -f Makefile ] || quietly ../configure
quietly make -j"$(nproc)"
cd ..
echo "built: build/brindle, $(build/brindle --version)"

# Only root sees the kernel and gets the priority that freezes for sure.
become=()
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		become=(sudo)
	else
		say "no sudo: recording with what a user may"
		build/brindle doctor || true
	fi
fi

say "brindle record -- python3 tests/programs/demo.py 5"
"${become[@]}" build/brindle record -F 499 -o build/quickstart.db -- \
	python3 tests/programs/demo.py 5
[ ${#become[@]} -eq 0 ] || sudo chown "$(id -u)" build/quickstart.db*

say "brindle report"
build/brindle report -n 10 --stacks 2 --db build/quickstart.db

say "brindle flame"
build/brindle flame --db build/quickstart.db -o build/flame.html

cat <<'NEXT'

What next:
  open build/flame.html                           the flame graph, in a browser
  build/brindle record -- python3 app.py          your own program
  build/brindle record -p PID -d 10               one that runs already
  build/brindle query --db build/quickstart.db \
      "SELECT function, self_samples FROM v_function ORDER BY 2 DESC LIMIT 5"
  build/brindle doctor                            what this host allows
  make -C build install                           to have `brindle` at hand
NEXT
