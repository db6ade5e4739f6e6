// SPDX-License-Identifier: Apache-2.0
#include "unwind/module_cache.h"

#include "base/array.h"
#include "base/clock.h"
#include "unwind/native/elf_image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

/* An open may fail because one process is gone, or for want of something: others
 * get more tries, the first ones at once. */
enum { OPEN_TRIES_MAX = 3, OPEN_RESTS_MAX = 6, VDSO_BYTES_MAX = 64 << 10 };

#define OPEN_REST_NS NS_PER_SEC

/** What the file was when it was read; the same inode may later be another. */
struct file_state {
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/** One identity under which a module is known. A module may have several. */
struct cache_entry {
	uint64_t hash;
	char *path;	   /* owned; compared only with a build-id */
	uint32_t dev_major, dev_minor;
	uint64_t inode, inode_generation;
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	size_t build_id_size;
	struct module *module; /* counted */
	struct file_state state;
	unsigned int failed_opens; /* 0: it was opened */
	uint64_t retry_ns;	   /* CLOCK_MONOTONIC: not to be opened before */
	uint64_t used;	       /* by the cache's own count of look-ups */
};

struct module_cache {
	struct cache_entry *entries; /* owned */
	size_t count, capacity;
	struct module *vdso;	     /* counted, or NULL */
	uint64_t uses;
};

struct module_cache *module_cache_create(void)
{
	return calloc(1, sizeof(struct module_cache));
}

static void entry_set_module(struct cache_entry *entry, struct module *module)
{
	if (module)
		module_ref(module)->cached++;
	if (entry->module)
		entry->module->cached--;
	module_unref(entry->module);
	entry->module = module;
}

static void entry_deinit(struct cache_entry *entry)
{
	entry_set_module(entry, NULL);
	free(entry->path);
}

void module_cache_destroy(struct module_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		entry_deinit(&cache->entries[i]);
	free(cache->entries);
	module_unref(cache->vdso);
	free(cache);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	// FNV-1a: identities are few, and none is worth attacking.
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) *
		       UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t identity_hash(const struct module_identity *identity)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (identity->inode) {
		hash = hash_bytes(hash, &identity->dev_major,
				  sizeof(identity->dev_major));
		hash = hash_bytes(hash, &identity->dev_minor,
				  sizeof(identity->dev_minor));
		return hash_bytes(hash, &identity->inode,
				  sizeof(identity->inode));
	}
	if (identity->build_id)
		hash = hash_bytes(hash, identity->build_id,
				  identity->build_id_size);
	return hash_bytes(hash, identity->path, strlen(identity->path));
}

static bool entry_is(const struct cache_entry *entry,
		     const struct module_identity *identity, uint64_t hash)
{
	if (entry->hash != hash || entry->inode != identity->inode)
		return false;
	if (identity->inode)
		return entry->dev_major == identity->dev_major &&
		       entry->dev_minor == identity->dev_minor &&
		       (!entry->inode_generation ||
			!identity->inode_generation ||
			entry->inode_generation == identity->inode_generation);
	return entry->build_id_size == identity->build_id_size &&
	       !memcmp(entry->build_id, identity->build_id,
		       identity->build_id_size) &&
	       !strcmp(entry->path, identity->path);
}

static struct cache_entry *find_entry(struct module_cache *cache,
				      const struct module_identity *identity)
{
	uint64_t hash = identity_hash(identity);

	for (size_t i = 0; i < cache->count; i++)
		if (entry_is(&cache->entries[i], identity, hash))
			return &cache->entries[i];
	return NULL;
}

static struct file_state state_of(const struct stat *st)
{
	return (struct file_state){
		st->st_dev, st->st_ino, st->st_size, st->st_ctim,
	};
}

static bool same_state(const struct file_state *a, const struct file_state *b)
{
	return a->inode && a->dev == b->dev && a->inode == b->inode &&
	       a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/** The same file, met under another identity. */
static struct module *find_state(const struct module_cache *cache,
				 const struct file_state *state)
{
	for (size_t i = 0; i < cache->count; i++)
		if (same_state(&cache->entries[i].state, state))
			return cache->entries[i].module;
	return NULL;
}

/** Whether no mapping holds @module. */
static bool is_unused(const struct module *module)
{
	return module->references == module->cached + module->kept;
}

/** While a process maps a file, its inode number means that file only. */
static bool is_believed(const struct cache_entry *entry,
			const struct module_identity *identity)
{
	if (entry->failed_opens)
		return entry->retry_ns && monotonic_ns() < entry->retry_ns;
	return (identity->inode || identity->build_id) &&
	       !is_unused(entry->module);
}

static struct error *open_file(module_open_fn open, void *context, int *ret_fd,
			       struct file_state *ret)
{
	_cleanup_close_ int fd = -1;
	struct error *error = open(context, &fd);
	struct stat st;

	if (error)
		return error;
	if (fstat(fd, &st))
		return error_from_errno(errno, "look at a mapped file");
	*ret = state_of(&st);
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct module *module_without_image(const struct module_identity *identity,
					   const char *problem, bool unread)
{
	struct module *module = module_create(identity->path, NULL, problem);

	if (module)
		module->unread = unread;
	return module;
}

/** What is no ELF file, or no file, is nothing else either; anything but that
 *  leaves open what it is. */
static struct module *module_of_error(const struct module_identity *identity,
				      const struct error *error)
{
	return module_without_image(identity, error->message,
				    error->code != ERROR_BAD_DATA);
}

/** A new reference; without an image when the file is not a readable ELF. */
static struct module *read_module(const struct module_identity *identity,
				  int fd)
{
	_cleanup_error_ struct error *error = NULL;
	struct elf_image *image = NULL;

	error = elf_image_open(fd, &image);
	if (error)
		return module_of_error(identity, error);
	return module_create(identity->path, image, NULL);
}

static bool has_build_id(const struct module *module,
			 const struct module_identity *identity)
{
	return !identity->build_id || !module->image ||
	       (module->build_id_size == identity->build_id_size &&
		!memcmp(module->build_id, identity->build_id,
			identity->build_id_size));
}

static bool entry_init(struct cache_entry *entry,
		       const struct module_identity *identity)
{
	*entry = (struct cache_entry){
		.hash = identity_hash(identity),
		.path = strdup(identity->path),
		.dev_major = identity->dev_major,
		.dev_minor = identity->dev_minor,
		.inode = identity->inode,
		.inode_generation = identity->inode_generation,
	};
	if (identity->build_id) {
		memcpy(entry->build_id, identity->build_id,
		       identity->build_id_size);
		entry->build_id_size = identity->build_id_size;
	}
	return entry->path;
}

/** An entry without module, or NULL: the cache is full or memory short. */
static struct cache_entry *add_entry(struct module_cache *cache,
				     const struct module_identity *identity)
{
	struct cache_entry *entry;

	if (cache->count == MODULE_CACHE_MAX)
		module_cache_trim(cache, MODULE_CACHE_UNUSED_MAX);
	if (cache->count == MODULE_CACHE_MAX ||
	    !array_reserve_one(cache->entries, cache->count, cache->capacity))
		return NULL;
	entry = &cache->entries[cache->count];
	if (!entry_init(entry, identity))
		return NULL;
	cache->count++;
	return entry;
}

/** Opens the file: the module of what it is now, or one that says why not. */
static struct module *look_again(struct module_cache *cache,
				 const struct module_identity *identity,
				 module_open_fn open, void *context,
				 struct file_state *ret_state,
				 bool *ret_opened)
{
	_cleanup_error_ struct error *error = NULL;
	_cleanup_close_ int fd = -1;
	struct module *module;

	*ret_opened = false;
	error = open_file(open, context, &fd, ret_state);
	if (error)
		return module_of_error(identity, error);
	module = find_state(cache, ret_state);
	module = module ? module_ref(module) : read_module(identity, fd);
	if (!module || has_build_id(module, identity)) {
		*ret_opened = true;
		return module;
	}
	module_unref(module);
	return module_without_image(identity, "the file has been replaced", true);
}

/** Whether a file was opened and its headers could be read, whatever they say. */
static bool is_opened(const struct module *module, bool opened)
{
	return opened && (module->image || !module->unread);
}

/** 0: at once. */
static uint64_t retry_time(unsigned int failed_opens)
{
	unsigned int rests = failed_opens - OPEN_TRIES_MAX;

	if (failed_opens < OPEN_TRIES_MAX)
		return 0;
	if (rests > OPEN_RESTS_MAX)
		rests = OPEN_RESTS_MAX;
	return monotonic_ns() + (OPEN_REST_NS << rests);
}

static void entry_set(struct cache_entry *entry, struct module *module,
		      const struct file_state *state, bool opened)
{
	entry_set_module(entry, module);
	opened = is_opened(module, opened);
	entry->state = opened ? *state : (struct file_state){ 0 };
	entry->failed_opens = opened ? 0 : entry->failed_opens + 1;
	entry->retry_ns = opened ? 0 : retry_time(entry->failed_opens);
}

struct module *module_cache_get(struct module_cache *cache,
				const struct module_identity *given,
				module_open_fn open, void *context)
{
	struct module_identity identity = *given;
	struct file_state state = { 0 };
	struct cache_entry *entry;
	struct module *module;
	bool opened;

	if (!identity.build_id || !identity.build_id_size ||
	    identity.build_id_size > MODULE_BUILD_ID_MAX)
		identity.build_id = NULL;
	if (!identity.build_id)
		identity.build_id_size = 0;
	entry = find_entry(cache, &identity);
	if (entry && is_believed(entry, &identity)) {
		entry->used = ++cache->uses;
		return module_ref(entry->module);
	}
	module = look_again(cache, &identity, open, context, &state, &opened);
	if (!module)
		return NULL;
	if (!entry)
		entry = add_entry(cache, &identity);
	if (entry) {
		entry_set(entry, module, &state, opened);
		entry->used = ++cache->uses;
	}
	return module;
}

/** The vdso's own headers say where its last byte is. */
static size_t vdso_size(const uint8_t *vdso)
{
	uint64_t end;
	Elf64_Ehdr header;

	memcpy(&header, vdso, sizeof(header));
	end = header.e_shoff + (uint64_t)header.e_shnum * header.e_shentsize;
	return memcmp(header.e_ident, ELFMAG, SELFMAG) ||
	       end > VDSO_BYTES_MAX ? 0 : end;
}

static struct module *read_vdso(void)
{
	const uint8_t *vdso = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	_cleanup_error_ struct error *error = NULL;
	struct elf_image *image = NULL;

	if (!vdso)
		return module_create("[vdso]", NULL, "this kernel has none");
	error = elf_image_from_bytes(vdso, vdso_size(vdso), &image);
	return module_create("[vdso]", image, error ? error->message : NULL);
}

struct module *module_cache_vdso(struct module_cache *cache)
{
	if (!cache->vdso)
		cache->vdso = read_vdso();
	return cache->vdso ? module_ref(cache->vdso) : NULL;
}

static int compare_use(const void *left, const void *right)
{
	const struct cache_entry *a = left, *b = right;
	bool a_unused = is_unused(a->module), b_unused = is_unused(b->module);

	if (a_unused != b_unused)
		return a_unused ? 1 : -1;
	return a->used > b->used ? -1 : a->used < b->used;
}

void module_cache_trim(struct module_cache *cache, size_t keep)
{
	size_t unused = 0, bytes = 0;

	for (size_t i = 0; i < cache->count; i++) {
		const struct module *module = cache->entries[i].module;

		if (!is_unused(module))
			continue;
		unused++;
		bytes += module_bytes(module);
	}
	if (unused <= keep && bytes <= MODULE_CACHE_UNUSED_BYTES_MAX)
		return;
	qsort(cache->entries, cache->count, sizeof(*cache->entries),
	      compare_use);
	// However large, the last one may be the next one, too.
	for (; unused > keep ||
	       (unused > 1 && bytes > MODULE_CACHE_UNUSED_BYTES_MAX);
	     unused--) {
		struct cache_entry *entry = &cache->entries[--cache->count];

		bytes -= module_bytes(entry->module);
		entry_deinit(entry);
	}
}

size_t module_cache_count(const struct module_cache *cache)
{
	return cache->count;
}
