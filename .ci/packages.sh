# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart.sh and check.sh: which Debian packages are needed, and
# how they come to be there.
# shellcheck shell=bash

build_packages="gcc make autoconf automake pkg-config libc6-dev libelf-dev
	libdw-dev uthash-dev libxxhash-dev libsqlite3-dev liblzma-dev zlib1g-dev libzstd-dev
	libpfm4-dev libiberty-dev libcap-dev libseccomp-dev libncurses-dev python3"
# shellcheck disable=SC2034 # used by check.sh
test_packages="$build_packages libcmocka-dev clang binutils sqlite3
	chromium xz-utils man-db tmux systemd procps"

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
