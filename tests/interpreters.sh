#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# interpreters.sh [--list|--packages] [FOLDER]: brings the interpreters that tests run on
# and that are not installed as pyenv's or Debian's own are: 3.13 to 3.15 of
# Debian sid, static and stripped, in a root of their own, and a free-threaded
# 3.13 built from Debian's source. They come once, into a folder outside the
# tree, and stay: $BRINDLE_INTERPRETERS, or ~/.cache/brindle/interpreters.
#
# Prints one line for each interpreter that is there then:
#     label <tab> path outside <tab> root ("/" or the sid root)
# and on stderr why one is not. --list brings nothing.
#
# It also brings other people's code with frames of its own on the stack, for
# three of the versions, from PyPI, into packages/LABEL. --packages lists that:
#     label <tab> folder, or "-" <tab> why there is none
set -u
source_version=3.13.15-1
sid_versions="3.13 3.14 3.15"
sid_headers=3.15 # of that in package_sets
packages="greenlet==3.5.6 gevent==26.9.0 zope.event==6.2 zope.interface==8.7
	cython==3.3.1 pybind11==3.1.0"
# label, version, and what differs by it
package_sets="3.11.7 3.11 numpy==2.4.6
3.13.0 3.13 numpy==2.5.5
sid-3.15 3.15 numpy==2.5.5"
platforms="2_28 2_27 2_24 2_17 2_5"

list_only=
case ${1-} in
--list | --packages)
	list_only=$1
	shift
	;;
esac
folder=${1:-${BRINDLE_INTERPRETERS:-$HOME/.cache/brindle/interpreters}}
sid=$folder/sid
threaded=$folder/3.13t
musl=$folder/musl-3.13

say() { echo "interpreters: $*" >&2; }

in_sid() {
	mount -t proc proc "$sid/proc" 2>/dev/null
	env DEBIAN_FRONTEND=noninteractive chroot "$sid" "$@"
	local status=$?
	umount "$sid/proc" 2>/dev/null
	return $status
}

# A root that came half is not kept.
make_sid_root() {
	say "debootstrap sid, about a minute"
	rm -rf "$sid.new" "$sid"
	debootstrap --variant=minbase sid "$sid.new" >"$folder/sid.log" 2>&1 ||
		{ say "sid: debootstrap failed, see $folder/sid.log"; return 1; }
	mv "$sid.new" "$sid"
	# What the archive says of its age may be older than now.
	echo 'Acquire::Check-Valid-Until "false";' \
		>"$sid/etc/apt/apt.conf.d/90valid"
	sed -n 's/^deb /deb-src /p' "$sid/etc/apt/sources.list" \
		>"$sid/etc/apt/sources.list.d/source.list"
}

# Says in .complete what it has, so that one of an earlier list gets the rest.
bring_sid() {
	local version packages="dpkg-dev libpython$sid_headers-dev"
	for version in $sid_versions; do
		packages="$packages python$version libpython$version"
	done
	[ "$(cat "$sid/.complete" 2>/dev/null)" != "$packages" ] || return 0
	[ "$(id -u)" -eq 0 ] || { say "sid: a root of its own needs root"; return 1; }
	command -v debootstrap >/dev/null || { say "sid: no debootstrap"; return 1; }
	[ -e "$sid/.complete" ] || make_sid_root || return
	# shellcheck disable=SC2086 # words
	{ in_sid apt-get -q update && in_sid apt-get -qq install -y \
		--no-install-recommends $packages; } \
		>>"$folder/sid.log" 2>&1 ||
		{ say "sid: apt failed, see $folder/sid.log"; return 1; }
	echo "$packages" >"$sid/.complete"
}

# build_python LABEL FOLDER PROGRAM OPTION...: with configure's options. Debian's
# changes are about packaging: upstream's tree is built.
build_python() {
	local label=$1 to=$2 program=$3
	shift 3
	[ ! -x "$to/bin/$program" ] || return 0
	[ -e "$sid/.complete" ] || { say "$label: its source comes from sid"; return 1; }
	say "building $label, two minutes or more"
	rm -rf "$sid/tmp/source" "$to.build"
	mkdir -p "$sid/tmp/source" "$to.build"
	in_sid sh -c "cd /tmp/source && apt-get -q source --download-only \
		python3.13=$source_version" >"$folder/$label.log" 2>&1 ||
		{ say "$label: no source, see $folder/$label.log"; return 1; }
	(set -e
	tar -xf "$sid"/tmp/source/python3.13_*.orig.tar.* --strip-components=1 \
		-C "$to.build"
	cd "$to.build"
	./configure -q --prefix="$to" --without-ensurepip "$@"
	make -s -j"$(nproc)"
	make -s install) >>"$folder/$label.log" 2>&1 ||
		{ say "$label: the build failed, see $folder/$label.log"; return 1; }
	rm -rf "$to.build" "$sid/tmp/source"
}

# With musl's C library, as containers of Alpine have it. Of other libraries it
# gets libffi alone, for ctypes, which asks for nothing that musl lacks.
build_musl() {
	local machine
	machine=$(gcc -print-multiarch)
	command -v musl-gcc >/dev/null || { say "musl-3.13: no musl-gcc"; return 1; }
	# Debian's gcc says what glibc's libraries are called.
	# shellcheck disable=SC2016 # for the shell that runs it
	printf '%s\n' '#!/bin/sh' '[ "$1" != --print-multiarch ] || exit 0' \
		'exec musl-gcc "$@"' >"$folder/musl-cc"
	chmod +x "$folder/musl-cc"
	# The folder of glibc's own headers is no place to look in.
	mkdir -p "$folder/musl-ffi"
	cp "/usr/include/$machine"/ffi*.h "$folder/musl-ffi" 2>/dev/null
	PKG_CONFIG=false LIBFFI_CFLAGS="-I$folder/musl-ffi" \
		LIBFFI_LIBS="/usr/lib/$machine/libffi_pic.a" \
		build_python musl-3.13 "$musl" python3.13 --enable-shared \
		CC="$folder/musl-cc" LDFLAGS="-Wl,-rpath,$musl/lib"
}

# A pip that can install for another version than its own.
find_pip() {
	local python
	for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[123].*/bin/python3 \
		/usr/bin/python3; do
		"$python" -m pip --version >/dev/null 2>&1 && echo "$python" && return
	done
}

# bring_packages LABEL VERSION PACKAGE...: only what is built already, so that
# no compiler's mood decides what is tested.
bring_packages() {
	local label=$1 version=$2 to=$folder/packages/$1 platform python options=
	shift 2
	[ ! -d "$to" ] || return 0
	mkdir -p "$folder/packages"
	python=$(find_pip)
	[ -n "$python" ] || { why "$label" "no pip on this machine"; return 1; }
	for platform in $platforms; do
		options="$options --platform manylinux_${platform}_x86_64"
	done
	rm -rf "$to.new"
	# shellcheck disable=SC2086 # words
	timeout 300 "$python" -m pip install -q --disable-pip-version-check \
		--no-deps --no-compile --ignore-requires-python \
		--only-binary=:all: --target "$to.new" \
		--python-version "$version" $options $packages "$@" \
		>"$folder/packages/$label.log" 2>&1 ||
		{ why "$label" "pip cannot install: $(grep -m1 ERROR \
			"$folder/packages/$label.log")"; return 1; }
	rm -f "$folder/packages/$label.why"
	mv "$to.new" "$to"
}

why() {
	echo "$2" >"$folder/packages/$1.why"
	say "packages for $1: $2"
}

list_packages() {
	local label rest why
	while read -r label rest; do
		why="not brought by tests/interpreters.sh"
		[ ! -s "$folder/packages/$label.why" ] ||
			why=$(cat "$folder/packages/$label.why")
		if [ -d "$folder/packages/$label" ]; then
			printf '%s\t%s\t\n' "$label" "$folder/packages/$label"
		else
			printf '%s\t-\t%s\n' "$label" "$why"
		fi
	done <<<"$package_sets"
}

list() {
	local version path
	for version in $sid_versions; do
		path=$sid/usr/bin/python$version
		[ ! -x "$path" ] || printf 'sid-%s\t%s\t%s\n' "$version" "$path" "$sid"
	done
	[ ! -x "$threaded/bin/python3.13t" ] ||
		printf '3.13t\t%s\t/\n' "$threaded/bin/python3.13t"
	[ ! -x "$musl/bin/python3.13" ] ||
		printf 'musl-3.13\t%s\t/\n' "$musl/bin/python3.13"
}

if [ -z "$list_only" ]; then
	mkdir -p "$folder" || exit 1
	exec 9>"$folder/lock"
	flock 9
	bring_sid
	build_python 3.13t "$threaded" python3.13t --disable-gil
	build_musl
	while read -r words; do
		# shellcheck disable=SC2086 # words
		bring_packages $words
	done <<<"$package_sets"
fi
if [ "$list_only" = --packages ]; then
	list_packages
else
	list
fi
