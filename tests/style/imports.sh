#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What must not happen to others cannot where it is not even linked: nobody is
# traced, stopped, signalled or written to, no shell is run, no file of somebody
# else is mapped. Each call stands with the objects that may make it.
objects=${top_builddir:-.}
archives="$objects/libbase.a $objects/libunwind.a $objects/libschema.a
	$objects/libweb.a $objects/libdaemon.a"
failed=0

# only CALLS OBJECTS: both are patterns for grep -E; "none" is no object.
only() {
	# libdaemon.a:broker.o:                 U kill
	# shellcheck disable=SC2086 # a list
	wrong=$(nm -A -u $archives |
		sed -n 's|.*[:/]\([^:/]*\)\.o: *U \([^@]*\).*|\1 \2|p' |
		grep -E " ($1)\$" | grep -vE "^($2) ")
	[ -z "$wrong" ] || { echo "$wrong"; failed=1; }
}

only 'ptrace|process_vm_readv|process_vm_writev|pidfd_send_signal' none
only 'system|popen|wordexp|posix_spawnp?' none
only 'exec[lv][pe]*|execveat|fexecve' 'child|browser'
# To children of one's own.
only 'kill|killpg|tgkill|raise' 'broker|companion|dashboard|query_keeper'
# Rings and memory of our own.
only 'mmap|mmap64' 'capture_queue|ring_spill|perf_ring|session'
exit $failed
