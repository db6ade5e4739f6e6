// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/code.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "unwind/python/code_head.h"
#include "unwind/python/line_table.h"
#include "unwind/python/text.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum {
	CODE_CACHE_MAX = 1 << 18,
	BYTES_FIRST_READ = 256,
	// What malloc() adds to an entry and its four texts.
	HEAP_BYTES = 128,
};

// Of one process: with more than so many it is asked which were met lately.
enum { MANY_OBJECTS = CODE_CACHE_MAX / 2, MANY_BYTES = 24 << 20 };
#define LATELY_NS (30 * NS_PER_SEC)

// Whatever can be read of the living process again to see if it changed.
struct code_text {
	char *name;
	char *qualified_name;
	char *file_name;
	uint8_t *line_table;
	size_t line_table_size;
	bool truncated;
};

struct code_entry {
	struct python_code code; // first: public pointers point here
	struct code_head head;
	size_t bytes; // of the budget
	bool refused; // its names, for they were too long for that
	bool retired; // what comes to its address is never this one again
	struct code_entry *next_retired;
	UT_hash_handle hh; // by code.address
};

struct python_code_cache {
	const struct python_layout *layout;
	uint64_t code_type;
	struct code_entry *entries; // current objects, one per address
	struct code_entry *retired; // replaced ones, until collected
	struct python_code_budget own, *budget; // borrowed, or the first
	size_t bytes;	  // of the budget, of all entries
	uint64_t last_ns; // the latest time that was told
};

struct python_code_cache *
python_code_cache_create(const struct python_layout *layout, uint64_t code_type)
{
	struct python_code_cache *cache;

	if (layout->code.size > PYTHON_CODE_HEAD_MAX)
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	cache->layout = layout;
	cache->code_type = code_type;
	cache->budget = &cache->own;
	return cache;
}

void python_code_cache_share(struct python_code_cache *cache,
			     struct python_code_budget *budget)
{
	if (cache->budget == budget)
		return;
	cache->budget->used -= cache->bytes;
	budget->used += cache->bytes;
	cache->budget = budget;
}

// False: that is more than its share.
static bool entry_charge(struct python_code_cache *cache,
			 struct code_entry *entry, size_t bytes)
{
	size_t left = PYTHON_CODE_BUDGET > cache->budget->used ?
			      PYTHON_CODE_BUDGET - cache->budget->used :
			      0;

	if (cache->bytes + bytes > left / 2)
		return false;
	entry->bytes += bytes;
	cache->bytes += bytes;
	cache->budget->used += bytes;
	return true;
}

static void code_text_deinit(struct code_text *text)
{
	free(text->name);
	free(text->qualified_name);
	free(text->file_name);
	free(text->line_table);
}

static void entry_destroy(struct python_code_cache *cache,
			  struct code_entry *entry)
{
	cache->bytes -= entry->bytes;
	cache->budget->used -= entry->bytes;
	free(entry->code.name);
	free(entry->code.qualified_name);
	free(entry->code.file_name);
	free(entry->code.line_table);
	free(entry);
}

// Whoever is met again after this is captured and named again.
static void drop_unmet(struct python_code_cache *cache)
{
	struct code_entry *entry, *next;

	if (cache->bytes < MANY_BYTES &&
	    HASH_COUNT(cache->entries) < MANY_OBJECTS)
		return;
	HASH_ITER(hh, cache->entries, entry, next)
	{
		if (cache->last_ns - entry->code.confirmed_ns < LATELY_NS)
			continue;
		HASH_DEL(cache->entries, entry);
		entry_destroy(cache, entry);
	}
}

void python_code_cache_collect(struct python_code_cache *cache)
{
	while (cache->retired) {
		struct code_entry *entry = cache->retired;

		cache->retired = entry->next_retired;
		entry_destroy(cache, entry);
	}
	drop_unmet(cache);
}

void python_code_cache_destroy(struct python_code_cache *cache)
{
	struct code_entry *entry, *next;

	if (!cache)
		return;
	HASH_ITER(hh, cache->entries, entry, next)
	{
		HASH_DEL(cache->entries, entry);
		entry_destroy(cache, entry);
	}
	python_code_cache_collect(cache);
	free(cache);
}

static struct code_entry *cache_find(struct python_code_cache *cache,
				     uint64_t address)
{
	struct code_entry *entry;

	HASH_FIND(hh, cache->entries, &address, sizeof(address), entry);
	return entry;
}

static bool cache_add(struct python_code_cache *cache, struct code_entry *entry)
{
	if (HASH_COUNT(cache->entries) >= CODE_CACHE_MAX)
		return false;
	HASH_ADD(hh, cache->entries, code.address, sizeof(entry->code.address),
		 entry);
	return entry->hh.tbl != NULL;
}

// Its address is another's now; who holds the object may keep looking at it.
static void cache_retire(struct python_code_cache *cache,
			 struct code_entry *entry)
{
	if (cache_find(cache, entry->code.address) != entry)
		return;
	HASH_DEL(cache->entries, entry);
	entry->retired = true;
	entry->next_retired = cache->retired;
	cache->retired = entry;
}

struct python_code *python_code_find(struct python_code_cache *cache,
				     uint64_t address)
{
	struct code_entry *entry = cache_find(cache, address);

	return entry ? &entry->code : NULL;
}

static struct code_entry *entry_create(struct python_code_cache *cache,
				       uint64_t address,
				       const struct code_head *head)
{
	struct code_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->head = *head;
	entry->code.address = address;
	entry->code.fingerprint = head->fingerprint;
	entry->code.facts = head->facts;
	entry->code.first_line = head->first_line;
	entry->code.lines = head->lines;
	entry->code.exact = head->exact;
	entry->code.name = strdup("");
	entry->code.qualified_name = strdup("");
	entry->code.file_name = strdup("");
	if (entry->code.name && entry->code.qualified_name &&
	    entry->code.file_name &&
	    entry_charge(cache, entry, sizeof(*entry) + HEAP_BYTES))
		return entry;
	entry_destroy(cache, entry);
	return NULL;
}

static void code_confirm(struct python_code_cache *cache,
			 struct python_code *code, uint64_t now_ns)
{
	if (now_ns > cache->last_ns)
		cache->last_ns = now_ns;
	if (!code->confirmations)
		code->met_ns = now_ns;
	if (now_ns > code->confirmed_ns)
		code->confirmed_ns = now_ns;
	code->confirmations++;
}

// A new object at @address, in the place of what was known there.
static struct code_entry *cache_replace(struct python_code_cache *cache,
					uint64_t address,
					const struct code_head *head,
					uint64_t now_ns)
{
	struct code_entry *known = cache_find(cache, address);
	struct code_entry *entry = entry_create(cache, address, head);

	if (!entry)
		return NULL;
	if (known)
		cache_retire(cache, known);
	if (!cache_add(cache, entry)) {
		entry_destroy(cache, entry);
		return NULL;
	}
	code_confirm(cache, &entry->code, now_ns);
	return entry;
}

struct python_code *python_code_learn(struct python_code_cache *cache,
				      uint64_t address, const void *bytes,
				      size_t size, uint64_t now_ns)
{
	struct code_entry *known = cache_find(cache, address);
	struct code_entry *entry;
	struct code_head head;

	if (size < cache->layout->code.size ||
	    !code_head_read(cache->layout, cache->code_type, bytes, &head))
		return NULL;
	if (known && known->code.fingerprint == head.fingerprint) {
		if (head.exact)
			code_confirm(cache, &known->code, now_ns);
		return &known->code;
	}
	entry = cache_replace(cache, address, &head, now_ns);
	return entry ? &entry->code : NULL;
}

// A bytes object, at most PYTHON_LINE_TABLE_MAX of it.
static uint8_t *read_bytes(const struct python_layout *layout,
			   const struct live_memory *memory, uint64_t address,
			   size_t *ret_size, bool *ret_truncated)
{
	uint8_t first[BYTES_FIRST_READ];
	uint32_t data = layout->bytes.data;
	ssize_t got =
		memory->read(memory->context, address, first, sizeof(first));
	_cleanup_free_ uint8_t *bytes = NULL;
	uint64_t size;
	bool truncated;

	if (got < (ssize_t)data)
		return NULL;
	memcpy(&size, first + layout->bytes.size, sizeof(size));
	truncated = size > PYTHON_LINE_TABLE_MAX;
	if (truncated)
		size = PYTHON_LINE_TABLE_MAX;
	bytes = malloc(size + 1); // never 0 bytes
	if (!bytes)
		return NULL;
	if (data + size <= (uint64_t)got)
		memcpy(bytes, first + data, size);
	else if (!live_memory_read(memory, address + data, bytes, size))
		return NULL;
	*ret_size = size;
	*ret_truncated = truncated;
	return take_ptr(bytes);
}

static char *read_name(const struct python_layout *layout,
		       const struct live_memory *memory, uint64_t address,
		       bool *truncated)
{
	bool cut = false;
	_cleanup_free_ char *name = python_text_read(layout, memory, address,
						     PYTHON_NAME_MAX, &cut);
	char *marked;

	if (!cut || !name)
		return take_ptr(name);
	*truncated = true;
	return asprintf(&marked, "%s\u2026", name) < 0 ? NULL : marked;
}

static bool read_text(const struct python_layout *layout,
		      const struct code_entry *entry,
		      const struct live_memory *memory, struct code_text *ret)
{
	bool cut = false;

	ret->name = read_name(layout, memory, entry->head.name, &ret->truncated);
	ret->qualified_name = read_name(
		layout, memory, entry->head.qualified_name, &ret->truncated);
	ret->file_name = read_name(layout, memory, entry->head.file_name,
				   &ret->truncated);
	ret->line_table = read_bytes(layout, memory, entry->head.line_table,
				     &ret->line_table_size, &cut);
	ret->truncated |= cut;
	return ret->name && ret->qualified_name && ret->file_name &&
	       ret->line_table;
}

static enum python_code_check head_check(const struct python_code_cache *cache,
					 const struct python_code *code,
					 const struct live_memory *memory)
{
	const struct code_entry *entry = (const struct code_entry *)code;
	uint8_t head[PYTHON_CODE_HEAD_MAX];

	if (entry->retired)
		return PYTHON_CODE_CHANGED;
	if (!live_memory_read(memory, code->address, head,
			      cache->layout->code.size))
		return PYTHON_CODE_UNREADABLE;
	return code_head_fingerprint(cache->layout, head) == code->fingerprint ?
		       PYTHON_CODE_SAME :
		       PYTHON_CODE_CHANGED;
}

static size_t text_bytes(const struct code_text *text)
{
	return strlen(text->name) + strlen(text->qualified_name) +
	       strlen(text->file_name) + text->line_table_size;
}

static void entry_take_text(struct python_code_cache *cache,
			    struct code_entry *entry, struct code_text *text)
{
	struct python_code *code = &entry->code;
	struct code_text old = { .name = code->name,
				 .qualified_name = code->qualified_name,
				 .file_name = code->file_name,
				 .line_table = code->line_table };

	if (!entry_charge(cache, entry, text_bytes(text))) {
		entry->refused = true;
		code->problem = "its process has more names than are kept";
		return;
	}
	code->name = take_ptr(text->name);
	code->qualified_name = take_ptr(text->qualified_name);
	code->file_name = take_ptr(text->file_name);
	code->line_table = take_ptr(text->line_table);
	code->line_table_size = text->line_table_size;
	code->truncated = text->truncated;
	code->problem = NULL;
	code->state = PYTHON_CODE_NAMED;
	code_text_deinit(&old);
}

static void entry_set_gone(struct python_code_cache *cache,
			   struct code_entry *entry, const char *problem)
{
	entry->code.state = PYTHON_CODE_GONE;
	entry->code.problem = problem;
	cache_retire(cache, entry);
}

void python_code_read_names(struct python_code_cache *cache,
			    struct python_code *code,
			    const struct live_memory *memory, uint64_t now_ns)
{
	_cleanup_(code_text_deinit) struct code_text text = { 0 };
	struct code_entry *entry = (struct code_entry *)code;
	bool complete;

	if (code->state != PYTHON_CODE_HEAD_ONLY || entry->refused)
		return;
	complete = read_text(cache->layout, entry, memory, &text);
	// Last, so that the same object lived, and held its strings, while
	// they were read.
	switch (head_check(cache, code, memory)) {
	case PYTHON_CODE_UNREADABLE:
		code->problem = "its memory could not be read";
		return;
	case PYTHON_CODE_CHANGED:
		entry_set_gone(cache, entry, "replaced before it was named");
		return;
	case PYTHON_CODE_SAME:
		break;
	}
	code_confirm(cache, code, now_ns);
	if (complete)
		entry_take_text(cache, entry, &text);
	else
		code->problem = "its names could not be read";
}

static bool text_is_same(const struct python_code *code,
			 const struct code_text *text)
{
	return !strcmp(code->name, text->name) &&
	       !strcmp(code->qualified_name, text->qualified_name) &&
	       !strcmp(code->file_name, text->file_name) &&
	       code->line_table_size == text->line_table_size &&
	       !memcmp(code->line_table, text->line_table,
		       text->line_table_size);
}

struct python_code *python_code_take_names(struct python_code_cache *cache,
					   struct python_code *code,
					   const struct live_memory *memory,
					   uint64_t now_ns)
{
	_cleanup_(code_text_deinit) struct code_text text = { 0 };
	struct code_entry *entry = (struct code_entry *)code;

	if (code->state == PYTHON_CODE_GONE || entry->refused ||
	    (code->state == PYTHON_CODE_NAMED && entry->head.exact) ||
	    !read_text(cache->layout, entry, memory, &text))
		return code;
	if (code->state == PYTHON_CODE_NAMED && !text_is_same(code, &text)) {
		entry = cache_replace(cache, code->address, &entry->head,
				      now_ns);
		if (!entry)
			return NULL;
	}
	code_confirm(cache, &entry->code, now_ns);
	if (entry->code.state == PYTHON_CODE_HEAD_ONLY)
		entry_take_text(cache, entry, &text);
	return &entry->code;
}

// For objects without a version: a twin may have taken the place.
static enum python_code_check text_check(const struct python_code_cache *cache,
					 const struct code_entry *entry,
					 const struct live_memory *memory)
{
	_cleanup_(code_text_deinit) struct code_text text = { 0 };

	if (!read_text(cache->layout, entry, memory, &text))
		return PYTHON_CODE_UNREADABLE;
	return text_is_same(&entry->code, &text) ? PYTHON_CODE_SAME :
						   PYTHON_CODE_CHANGED;
}

// What is to be said when a look at an object has not found it there.
static void entry_miss(struct python_code_cache *cache,
		       struct code_entry *entry, enum python_code_check check)
{
	switch (check) {
	case PYTHON_CODE_SAME:
		break;
	case PYTHON_CODE_CHANGED:
		entry->code.problem = "replaced since it was read";
		cache_retire(cache, entry);
		break;
	case PYTHON_CODE_UNREADABLE:
		entry->code.problem = "gone since it was read";
		break;
	}
}

enum python_code_check python_code_glance(struct python_code_cache *cache,
					  struct python_code *code,
					  const struct live_memory *memory,
					  uint64_t now_ns)
{
	enum python_code_check check = head_check(cache, code, memory);

	if (check == PYTHON_CODE_SAME)
		code->seen_ns = now_ns;
	entry_miss(cache, (struct code_entry *)code, check);
	return check;
}

enum python_code_check python_code_verify(struct python_code_cache *cache,
					  struct python_code *code,
					  const struct live_memory *memory,
					  uint64_t now_ns)
{
	struct code_entry *entry = (struct code_entry *)code;
	enum python_code_check check = head_check(cache, code, memory);

	if (check == PYTHON_CODE_SAME && !entry->head.exact &&
	    code->state == PYTHON_CODE_NAMED)
		check = text_check(cache, entry, memory);
	if (check == PYTHON_CODE_SAME)
		code_confirm(cache, code, now_ns);
	entry_miss(cache, entry, check);
	return check;
}

// As CPython's PyCode_Addr2Line(): before its first instruction a frame is
// where its code begins.
uint32_t python_code_line(const struct python_code *code, int32_t offset)
{
	if (offset < 0)
		return code->first_line;
	return line_table_find(code->lines, code->line_table,
			       code->line_table_size,
			       code->first_line, (uint32_t)offset);
}
