// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/snapshot.h"

#include <string.h>

const char *snapshot_status_name(enum snapshot_status status)
{
	switch (status) {
	case SNAPSHOT_OK:
		return "ok";
	case SNAPSHOT_NO_RUNTIME:
		return "interpreter not initialised";
	case SNAPSHOT_NO_THREAD:
		return "no thread state";
	case SNAPSHOT_UNREADABLE:
		return "interpreter memory unreadable";
	case SNAPSHOT_TOO_DEEP:
		return "interpreter stack too deep";
	case SNAPSHOT_BROKEN:
		return "interpreter frame chain broken";
	case SNAPSHOT_MAY_HANG:
		return "memory of a file system that may hang";
	case SNAPSHOT_SEARCH_CUT:
		return "not all thread states looked at";
	}
	return "unknown"; // a stored snapshot is foreign data
}

const struct snapshot_piece *snapshot_find(const struct snapshot *snapshot,
					   enum snapshot_piece_kind kind)
{
	for (uint32_t i = 0; i < snapshot->piece_count; i++)
		if (snapshot->piece[i].kind == (uint32_t)kind)
			return &snapshot->piece[i];
	return NULL;
}

// The bytes at @vaddr and how many follow in the same piece.
static const uint8_t *text_at(const struct snapshot *snapshot, uint64_t vaddr,
			      size_t *ret_size)
{
	for (uint32_t i = snapshot->piece_count; i-- > 0;) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		uint64_t offset = vaddr - piece->vaddr;

		if (piece->kind != SNAPSHOT_TEXT || offset >= piece->size)
			continue;
		*ret_size = piece->size - offset;
		return snapshot->bytes + piece->offset + offset;
	}
	return NULL;
}

ssize_t snapshot_read_text(const struct snapshot *snapshot, uint64_t vaddr,
			   void *ret, size_t size)
{
	size_t done = 0, part;

	while (done < size) {
		const uint8_t *bytes = text_at(snapshot, vaddr + done, &part);

		if (!bytes)
			break;
		if (part > size - done)
			part = size - done;
		memcpy((uint8_t *)ret + done, bytes, part);
		done += part;
	}
	return done ? (ssize_t)done : -1;
}

static ssize_t read_text(void *context, uint64_t vaddr, void *ret, size_t size)
{
	return snapshot_read_text(context, vaddr, ret, size);
}

struct live_memory snapshot_text(const struct snapshot *snapshot)
{
	return (struct live_memory){ .read = read_text,
				     .context = (void *)snapshot };
}
