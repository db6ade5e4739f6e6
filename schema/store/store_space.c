// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/store/store_parts.h"

/*
 * Is there any use in trying again? A commit that meets a full disk has done
 * most of its work by then, for nothing, and what waits for the next one is
 * more. Looking whether there is room costs nothing.
 */

enum {
	BLOCK_BYTES = 4096,
	ROOM_BYTES = 128 << 10, // for all that is written beside samples
	// What a try that failed for another reason took is at most such a part
	// of the time.
	TRY_PART = 100,
};

// A log that a reader held can be used again though the disk is full.
#define BLIND_NS (30 * NS_PER_SEC)
#define CHEAP_NS (10 * NS_PER_MS)
#define WAIT_MOST_NS (3 * NS_PER_SEC)

// Free space is not what a quota or a limit leaves: a block is written to the
// lock file, behind the pid, and taken back.
static bool takes_a_block(int fd)
{
	static const char block[BLOCK_BYTES];
	struct stat status;
	bool full;

	if (fstat(fd, &status))
		return true;
	full = pwrite(fd, block, sizeof(block), BLOCK_BYTES) < 0 &&
	       (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
	if (ftruncate(fd, status.st_size < BLOCK_BYTES ? status.st_size :
							 BLOCK_BYTES))
		return true;
	return !full;
}

static bool has_room(const struct store *store)
{
	uint64_t needed =
		ROOM_BYTES + store->sample_count * 2 * STORE_SAMPLE_BYTES;
	struct statvfs disk;

	if (fstatvfs(store->lock_fd, &disk) == 0 && disk.f_blocks &&
	    disk.f_bavail * disk.f_frsize < needed)
		return false;
	return takes_a_block(store->lock_fd);
}

bool store_awaits_space(struct store *store)
{
	uint64_t since_ns = monotonic_ns() - store->tried_ns;
	uint64_t wait_ns = store->try_ns * TRY_PART;

	if (!store->failures || store->ending || store->lock_fd < 0 ||
	    since_ns >= BLIND_NS)
		return false;
	if (!has_room(store)) {
		store->no_room = true;
		return true;
	}
	if (store->no_room || store->try_ns < CHEAP_NS)
		return false;
	return since_ns < (wait_ns < WAIT_MOST_NS ? wait_ns : WAIT_MOST_NS);
}

void store_note_try(struct store *store, uint64_t cpu_ns)
{
	store->tried_ns = monotonic_ns();
	store->try_ns = cpu_ns;
	store->no_room = false;
}
