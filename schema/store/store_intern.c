// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "schema/store/store_parts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

// What makes a thing itself. Hashed as bytes, so it must have no padding.
struct identity {
	int64_t number[STORE_ROW_NUMBERS];
	uint64_t text[STORE_ROW_TEXTS][2];
};

static struct intern_key identity_key(const struct store *store,
				      const struct store_row *row,
				      size_t text_count)
{
	struct identity identity = { 0 };
	XXH128_hash_t hash;

	memcpy(identity.number, row->number, sizeof(identity.number));
	for (size_t i = 0; i < text_count; i++) {
		if (!row->text[i])
			continue;
		hash = XXH3_128bits_withSeed(row->text[i], strlen(row->text[i]),
					     store->seed);
		identity.text[i][0] = hash.low64;
		identity.text[i][1] = hash.high64;
	}
	hash = XXH3_128bits_withSeed(&identity, sizeof(identity), store->seed);
	return (struct intern_key){ hash.low64, hash.high64 };
}

static bool copy_texts(struct store_row *row)
{
	const char *text;

	for (size_t i = 0; i < STORE_ROW_TEXTS; i++) {
		text = row->text[i];
		if (!text)
			continue;
		row->text[i] = text_fit(text, STORE_TEXT_MAX);
		if (row->text[i])
			continue;
		while (i-- > 0)
			free(row->text[i]);
		return false;
	}
	return true;
}

static void free_texts(struct store_row *row)
{
	for (size_t i = 0; i < STORE_ROW_TEXTS; i++)
		free(row->text[i]);
}

static int64_t row_id(const struct store_rows *rows, uint32_t number)
{
	return rows->kept ? rows->ids[number - 1].id : rows->base + number;
}

// A row for the newest number, whose id is the next; 0: no memory.
static int64_t number_row(struct store_rows *rows, uint32_t number)
{
	if (!rows->kept)
		return rows->base + number;
	if (!array_reserve((void **)&rows->ids, &rows->id_capacity, number,
			   sizeof(*rows->ids)))
		return 0;
	rows->ids[number - 1] = (struct store_kept){ ++rows->base, 1 };
	return rows->base;
}

static int64_t add_row(struct store *store, enum store_table table,
		       struct intern_key key, struct store_row row)
{
	struct store_rows *rows = &store->rows[table];
	uint32_t number;

	if (!array_reserve_one(rows->pending, rows->count, rows->capacity))
		return 0;
	number = intern_add(&rows->intern, key);
	if (!number)
		return 0;
	if (!copy_texts(&row)) {
		intern_undo(&rows->intern);
		return 0;
	}
	row.id = number_row(rows, number);
	if (!row.id) {
		free_texts(&row);
		intern_undo(&rows->intern);
		return 0;
	}
	rows->pending[rows->count++] = row;
	return row.id;
}

static int64_t overflow_row(struct store *store, enum store_table table)
{
	static const struct {
		char *name;
		enum store_table part_of; // its number[0] names a row there
		int64_t number;
	} likeness[TABLE_COUNT] = {
		[TABLE_PROCESS] = { "[more processes]", TABLE_COUNT, 0 },
		[TABLE_THREAD] = { "[more threads]", TABLE_PROCESS, 0 },
		[TABLE_MODULE] = { "[more modules]", TABLE_COUNT, 0 },
		[TABLE_SOURCE_FILE] = { "[more files]", TABLE_COUNT, 0 },
		[TABLE_FUNCTION] = { "[more functions]", TABLE_COUNT,
				     STORE_OTHER },
		[TABLE_FRAME] = { NULL, TABLE_FUNCTION, 0 },
		[TABLE_CGROUP] = { "[more cgroups]", TABLE_COUNT, 0 },
	};
	struct store_rows *rows = &store->rows[table];
	struct intern_key key = { UINT64_MAX, table };
	struct store_row row = { .text = { likeness[table].name } };

	if (rows->overflow_id)
		return rows->overflow_id;
	row.number[0] = likeness[table].part_of == TABLE_COUNT ?
				likeness[table].number :
				overflow_row(store, likeness[table].part_of);
	rows->overflow_id = add_row(store, table, key, row);
	return rows->overflow_id;
}

// Texts are borrowed for the call. What an endless target brings beyond the
// limit shares one row, which says so, rather than memory without end.
int64_t store_intern_row(struct store *store, enum store_table table,
			 const struct store_row *row, size_t text_count)
{
	struct store_rows *rows = &store->rows[table];
	struct intern_key key = identity_key(store, row, text_count);
	uint32_t number = intern_find(&rows->intern, key);
	int64_t id;

	if (number && rows->kept)
		rows->ids[number - 1].used = 1;
	if (number)
		return row_id(rows, number);
	if (rows->intern.count < store->rows_max) {
		id = add_row(store, table, key, *row);
	} else {
		store->full_tables++;
		id = overflow_row(store, table);
	}
	if (!id)
		store->out_of_memory = true;
	return id;
}

int64_t store_find_row(const struct store *store, enum store_table table,
		       const struct store_row *row, size_t text_count)
{
	const struct store_rows *rows = &store->rows[table];
	uint32_t number = intern_find(&rows->intern,
				      identity_key(store, row, text_count));

	return number ? row_id(rows, number) : 0;
}

bool store_intern_known(struct store *store, enum store_table table,
			const struct store_row *row, size_t text_count)
{
	struct store_rows *rows = &store->rows[table];
	struct intern_key key = identity_key(store, row, text_count);
	uint32_t number;

	if (intern_find(&rows->intern, key))
		return true;
	if (!array_reserve((void **)&rows->ids, &rows->id_capacity,
			   rows->intern.count + 1, sizeof(*rows->ids)))
		return false;
	number = intern_add(&rows->intern, key);
	if (number)
		rows->ids[number - 1] = (struct store_kept){ row->id, 0 };
	return number != 0;
}

int64_t store_process(struct store *store, pid_t pid, uint64_t start_ns,
		      const char *name)
{
	struct store_row row = {
		.number = { pid, (int64_t)start_ns },
		.text = { (char *)name },
	};

	return store_intern_row(store, TABLE_PROCESS, &row, 0);
}

int64_t store_thread(struct store *store, int64_t process_id, pid_t tid,
		     uint64_t start_ns, const char *name)
{
	struct store_row row = {
		.number = { process_id, tid, (int64_t)start_ns },
		.text = { (char *)name },
	};

	return store_intern_row(store, TABLE_THREAD, &row, 0);
}

enum { BUILD_ID_MAX = 64 };

int64_t store_module(struct store *store, const char *path,
		     const uint8_t *build_id, size_t build_id_size)
{
	char hex[2 * BUILD_ID_MAX + 1];
	struct store_row row = { .text = { (char *)path } };

	if (build_id_size > BUILD_ID_MAX)
		build_id_size = BUILD_ID_MAX;
	for (size_t i = 0; i < build_id_size; i++) {
		hex[2 * i] = "0123456789abcdef"[build_id[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[build_id[i] & 15];
	}
	hex[2 * build_id_size] = '\0';
	if (build_id_size)
		row.text[1] = hex;
	return store_intern_row(store, TABLE_MODULE, &row, 2);
}

static int64_t store_source_file(struct store *store, const char *path)
{
	struct store_row row = { .text = { (char *)path } };

	if (!path || !*path)
		return 0;
	return store_intern_row(store, TABLE_SOURCE_FILE, &row, 1);
}

int64_t store_function(struct store *store, enum store_kind kind,
		       const char *name, const char *file, uint32_t first_line,
		       int64_t module_id)
{
	struct store_row row = {
		.number = { kind, store_source_file(store, file), first_line,
			    module_id },
		.text = { (char *)name },
	};

	return store_intern_row(store, TABLE_FUNCTION, &row, 1);
}

// The tree asks which function a frame belongs to, for recursion: a new frame
// is the last one pending.
static void remember_function(struct store *store)
{
	const struct store_rows *rows = &store->rows[TABLE_FRAME];
	struct store_tree *tree = &store->tree;

	tree->function_of_frame[tree->frame_count++] =
		(uint32_t)rows->pending[rows->count - 1].number[0];
}

int64_t store_frame(struct store *store, int64_t function_id,
		    enum store_status status, uint32_t line, uint64_t vaddr)
{
	struct store_tree *tree = &store->tree;
	struct store_row row = {
		.number = { function_id, status, line, (int64_t)vaddr },
	};
	int64_t id;

	if (!array_reserve_one(tree->function_of_frame, tree->frame_count,
			       tree->frame_capacity)) {
		store->out_of_memory = true;
		return 0;
	}
	id = store_intern_row(store, TABLE_FRAME, &row, 0);
	if (id - store->rows[TABLE_FRAME].base > (int64_t)tree->frame_count)
		remember_function(store);
	return id;
}

// The latest rename of a thing replaces the one that waits.
static struct store_rename *find_rename(struct store *store,
					enum store_table table, int64_t id)
{
	for (size_t i = 0; i < store->rename_count; i++) {
		struct store_rename *rename = &store->renames[i];

		if (rename->table == table && rename->id == id)
			return rename;
	}
	if (store->rename_count == STORE_RENAMES_MAX)
		return NULL;
	if (!array_reserve_one(store->renames, store->rename_count,
			       store->rename_capacity)) {
		store->out_of_memory = true;
		return NULL;
	}
	store->renames[store->rename_count] = (struct store_rename){
		.table = table,
		.id = id,
	};
	return &store->renames[store->rename_count++];
}

static void rename_row(struct store *store, enum store_table table, int64_t id,
		       const char *name)
{
	char *copy = text_fit(name, STORE_TEXT_MAX);
	struct store_rename *rename = copy ? find_rename(store, table, id) :
					     NULL;

	if (!copy)
		store->out_of_memory = true;
	if (!rename) {
		free(copy);
		return;
	}
	free(rename->name);
	rename->name = copy;
}

void store_rename_process(struct store *store, int64_t process_id,
			  const char *name)
{
	rename_row(store, TABLE_PROCESS, process_id, name);
}

void store_rename_thread(struct store *store, int64_t thread_id,
			 const char *name)
{
	rename_row(store, TABLE_THREAD, thread_id, name);
}
