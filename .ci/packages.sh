# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart.sh and check.sh: which Debian packages are needed, and
# how they come to be there.
# shellcheck shell=bash

build_packages="gcc make autoconf automake pkg-config libc6-dev libelf-dev
	libdw-dev uthash-dev libxxhash-dev libsqlite3-dev liblzma-dev zlib1g-dev libzstd-dev
	libpfm4-dev libiberty-dev libcap-dev libseccomp-dev libncurses-dev libmicrohttpd-dev python3"
# shellcheck disable=SC2034 # used by check.sh
test_packages="$build_packages libcmocka-dev clang binutils sqlite3
	chromium libdevel-nytprof-perl xz-utils man-db tmux systemd procps debootstrap zsh fish
	python3.11-dbg python3-venv musl-tools libffi-dev"

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# What of "$@" is not installed.
missing_packages() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" \
			2>/dev/null | grep -qx installed || echo "$package"
	done
}

# Installs what is missing of "$@"; without apt it only says so.
install_packages() {
	local missing
	if ! command -v apt-get >/dev/null; then
		echo "no apt-get here; needed, under Debian's names:" "$@"
		return 0
	fi
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing: ${missing[*]}"
	as_root apt-get -q update >/dev/null || return
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
		--no-install-recommends "${missing[@]}" >/dev/null
}

# libFuzzer and the sanitizers' run time for the clang that is here.
install_clang_runtime() {
	local major
	major=$(clang -dumpversion | cut -d. -f1)
	install_packages "libclang-rt-$major-dev"
}

# What the tests of the dashboard need (web/ui/package.json); building does
# not. Without it those tests are skipped, so this never fails.
install_ui_packages() {
	local ui=web/ui log
	command -v npm >/dev/null || install_packages nodejs npm || return 0
	[ ! "$ui/node_modules/.package-lock.json" -nt "$ui/package-lock.json" ] ||
		return 0
	log=$(mktemp)
	echo "installing: web/ui/package-lock.json"
	(cd "$ui" && timeout 300 npm ci --no-audit --no-fund) >"$log" 2>&1 ||
		echo "npm cannot fetch what $ui/package-lock.json names:" \
			"$(grep -m1 -i error "$log"); tests of the dashboard are skipped"
	rm -f "$log"
}
