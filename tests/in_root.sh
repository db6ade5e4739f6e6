#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# in_root.sh ROOT FOLDER[:FOLDER...] COMMAND...: runs a command in another root, as in a
# container: a mount namespace of its own, in which each FOLDER of the outside is
# where it is outside. The command takes the place of this process.
set -eu
root=$1 folders=$2
shift 2
if [ "${IN_ROOT_INSIDE-}" != "$root" ]; then
	IN_ROOT_INSIDE=$root exec unshare --mount "$0" "$root" "$folders" "$@"
fi
unset IN_ROOT_INSIDE
IFS=:
for folder in $folders; do
	mkdir -p "$root$folder"
	mount --bind "$folder" "$root$folder"
done
unset IFS
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"
