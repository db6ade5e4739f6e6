/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the module of a mapped file, so that a library mapped by a thousand
 * processes is read once. Answers "have we got this very file already?" by the
 * identity that the kernel reports, opens it through a caller's function when
 * not, and keeps modules for a while after their last mapping has gone.
 *
 * An inode number can be reused once nobody maps the file any more. So a module
 * that no mapping holds is believed only after a look at the file again.
 *
 * Owned and used by one thread, the unwind worker.
 */
#ifndef BRINDLE_UNWIND_MODULE_CACHE_H
#define BRINDLE_UNWIND_MODULE_CACHE_H

#include "unwind/module.h"

enum {
	MODULE_CACHE_MAX = 4096,      /* modules known at once */
	MODULE_CACHE_UNUSED_MAX = 64, /* of those, kept without a mapping */
	/* And so much memory of these: a compiler has 10 MiB of tables. */
	MODULE_CACHE_UNUSED_BYTES_MAX = 16 << 20,
};

/**
 * Which file a mapping is of. Device and inode where they are known, else a
 * build-id; a build-id is no proof of a file, so it counts only together with
 * the path.
 */
struct module_identity {
	const char *path;
	uint32_t dev_major, dev_minor;
	uint64_t inode;		   /* 0: not known */
	uint64_t inode_generation; /* 0: not known */
	const uint8_t *build_id;   /* NULL: not known */
	size_t build_id_size;
};

/** Opens the file of the mapping in question; *ret_fd is then the cache's. */
typedef struct error *(*module_open_fn)(void *context, int *ret_fd);

struct module_cache;

struct module_cache *module_cache_create(void);
void module_cache_destroy(struct module_cache *cache);

/**
 * A new reference to the module of @identity. A file that cannot be opened or
 * read makes a module without image, and is remembered too, for a while: what
 * is no ELF file until another look is needed, the others as module_is_unread().
 * NULL without memory.
 */
struct module *module_cache_get(struct module_cache *cache,
				const struct module_identity *identity,
				module_open_fn open, void *context);

/** A new reference to the vdso, which is the same in every process of this
 *  kernel and is read from our own. NULL without memory. */
struct module *module_cache_vdso(struct module_cache *cache);

/** Forgets unused modules beyond @keep, and beyond the bound of their bytes,
 *  the longest unused first. */
void module_cache_trim(struct module_cache *cache, size_t keep);

size_t module_cache_count(const struct module_cache *cache);

#endif
