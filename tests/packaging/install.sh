#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs below a folder of its own, lists what is there, and runs it.
build=${top_builddir:-.}
root=$(mktemp -d /tmp/brindle-install-XXXXXX) || exit 99
trap 'rm -rf "$root"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS
failed=0

complain() {
	echo "$*"
	failed=1
}

# The paths that configure chose, from the Makefile itself.
variable() {
	sed -n "s/^$1 = //p" "$build/Makefile"
}
prefix=$(variable prefix)
sysconfdir=$(variable sysconfdir | sed "s|\${prefix}|$prefix|")

run_make() {
	make -s -C "$build" "$1" DESTDIR="$root" >"$root.log" 2>&1 || {
		cat "$root.log"
		complain "make $1 failed"
	}
	rm -f "$root.log"
}

run_make install
[ $failed = 0 ] || exit 1
while read -r path; do
	[ -s "$root$path" ] || complain "not installed: $path"
done <<END
$prefix/bin/brindle
$prefix/lib/systemd/system/brindled.service
$prefix/lib/systemd/system/brindled.socket
$prefix/lib/sysusers.d/brindle.conf
$prefix/lib/tmpfiles.d/brindle.conf
$prefix/share/man/man1/brindle.1
$prefix/share/man/man5/brindle.conf.5
$prefix/share/bash-completion/completions/brindle
$prefix/share/zsh/site-functions/_brindle
$prefix/share/fish/vendor_completions.d/brindle.fish
$sysconfdir/brindle/brindle.conf
END
count=$(find "$root" -type f | wc -l)
[ "$count" = 11 ] || {
	find "$root" -type f
	complain "$count files were installed, not 11"
}

brindle=$root$prefix/bin/brindle
"$brindle" --version | grep -q '^brindle [0-9]' || complain "does not run"
"$brindle" daemon --print-config |
	cmp - "$root$sysconfdir/brindle/brindle.conf" ||
	complain "the installed configuration is not the program's default"
"$brindle" daemon --check-config \
	--config "$root$sysconfdir/brindle/brindle.conf" >/dev/null ||
	complain "the installed configuration is wrong"
grep -q "^ExecStart=$prefix/bin/brindle daemon" \
	"$root$prefix/lib/systemd/system/brindled.service" ||
	complain "the unit starts another program"

# One that somebody changed survives a second install, and its removal.
echo '# mine' >>"$root$sysconfdir/brindle/brindle.conf"
run_make install
run_make uninstall
grep -q '^# mine' "$root$sysconfdir/brindle/brindle.conf" ||
	complain "a changed configuration was lost"
left=$(find "$root" -type f | grep -v '/brindle/brindle.conf$')
[ -z "$left" ] || complain "uninstall left: $left"
exit $failed
