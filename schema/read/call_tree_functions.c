// SPDX-License-Identifier: Apache-2.0
// The functions of a call tree, with their files and modules. Rows that say the
// same, as those of two builds of a library do, are one function.
#include "schema/read/call_tree_rows.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"

struct texts {
	struct call_ids ids;
	char ***texts; /* of the tree */
	size_t *count;
	size_t capacity;
};

struct loader {
	struct call_tree *tree; /* borrowed */
	struct call_ids ids;
	struct id_set wanted_files, wanted_modules;
	struct {
		int64_t file, module;
	} *rows; /* owned; row ids of each of ids */
	size_t row_count, row_capacity;
	struct texts files, modules;
};

static void loader_deinit(struct loader *loader)
{
	free(loader->rows);
	free(loader->files.ids.ids);
	free(loader->modules.ids.ids);
	id_set_deinit(&loader->wanted_files);
	id_set_deinit(&loader->wanted_modules);
}

// Owned by the caller; a missing text is "". NULL: no memory.
static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	int size = sqlite3_column_bytes(row, column);

	return text_repair(text ? text : "", text ? (size_t)size : 0);
}

static bool take_text(void *context, sqlite3_stmt *row)
{
	struct texts *texts = context;
	char *text;

	if (!array_reserve((void **)texts->texts, &texts->capacity,
			   *texts->count + 1, sizeof(**texts->texts)) ||
	    !call_ids_add(&texts->ids, sqlite3_column_int64(row, 0)))
		return false;
	text = column_text(row, 1);
	if (!text)
		return false;
	(*texts->texts)[(*texts->count)++] = text;
	return true;
}

static bool add_function(struct call_tree *tree, struct call_function function)
{
	if (!function.name ||
	    !array_reserve_one(tree->functions, tree->function_count,
			       tree->function_capacity)) {
		free(function.name);
		return false;
	}
	tree->functions[tree->function_count++] = function;
	return true;
}

bool call_tree_add_function(struct call_tree *tree, const char *name)
{
	return add_function(tree, (struct call_function){
					  .name = strdup(name),
					  .kind = STORE_OTHER,
					  .file = CALL_TREE_NONE,
					  .module = CALL_TREE_NONE,
				  });
}

static enum store_kind kind_of(int64_t id)
{
	return id >= STORE_PYTHON && id <= STORE_OTHER ? (enum store_kind)id :
							 STORE_OTHER;
}

static uint32_t line_of(int64_t line)
{
	return line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
}

// Columns: id, kind_id, name, source_file_id, first_line, module_id.
static bool take_function(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	int64_t file = sqlite3_column_int64(row, 3);
	int64_t module = sqlite3_column_int64(row, 5);

	if (!array_reserve_one(loader->rows, loader->row_count,
			       loader->row_capacity) ||
	    !id_set_add(&loader->wanted_files, file) ||
	    !id_set_add(&loader->wanted_modules, module) ||
	    !call_ids_add(&loader->ids, sqlite3_column_int64(row, 0)))
		return false;
	loader->rows[loader->row_count].file = file;
	loader->rows[loader->row_count++].module = module;
	return add_function(
		loader->tree,
		(struct call_function){
			.kind = kind_of(sqlite3_column_int64(row, 1)),
			.name = column_text(row, 2),
			.first_line = line_of(sqlite3_column_int64(row, 4)),
		});
}

static struct error *load_rows(struct loader *loader, sqlite3 *database,
			       const struct id_set *wanted)
{
	struct error *error;

	error = call_rows_each(database,
			       "SELECT id, kind_id, name, source_file_id, "
			       "first_line, module_id FROM function "
			       "WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
			       wanted, take_function, loader);
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, path FROM source_file "
				       "WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
				       &loader->wanted_files, take_text,
				       &loader->files);
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, path FROM module "
				       "WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
				       &loader->wanted_modules, take_text,
				       &loader->modules);
	return error;
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_names(const struct call_tree *tree, uint32_t left,
			 uint32_t right)
{
	const struct call_function *a = &tree->functions[left];
	const struct call_function *b = &tree->functions[right];
	int result = strcmp(a->name, b->name);

	// Kernel functions stay apart from others of the same name.
	return result ? result :
			(a->kind == STORE_KERNEL) - (b->kind == STORE_KERNEL);
}

int call_function_compare(const struct call_tree *tree_a, uint32_t index_a,
			  const struct call_tree *tree_b, uint32_t index_b)
{
	const struct call_function *a = &tree_a->functions[index_a];
	const struct call_function *b = &tree_b->functions[index_b];
	int result = strcmp(a->name, b->name);

	if (!result)
		result = (int)a->kind - (int)b->kind;
	if (!result)
		result = compare_texts(call_tree_file(tree_a, a),
				       call_tree_file(tree_b, b));
	if (!result)
		result = compare_texts(call_tree_module(tree_a, a),
				       call_tree_module(tree_b, b));
	return result;
}

static int compare_lineless(const struct call_tree *tree, uint32_t left,
			    uint32_t right)
{
	return call_function_compare(tree, left, tree, right);
}

static int compare_places(const struct call_tree *tree, uint32_t left,
			  uint32_t right)
{
	uint32_t a = tree->functions[left].first_line;
	uint32_t b = tree->functions[right].first_line;
	int result = call_function_compare(tree, left, tree, right);

	return result ? result : (a > b) - (a < b);
}

struct comparing {
	const struct call_tree *tree;
	int (*compare)(const struct call_tree *tree, uint32_t a, uint32_t b);
};

static int compare_functions(const void *left, const void *right, void *context)
{
	const struct comparing *comparing = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int result = comparing->compare(comparing->tree, a, b);

	return result ? result : (a > b) - (a < b);
}

// Each function is shown as the first one that equals it.
static bool find_aliases(const struct call_tree *tree,
			 enum call_tree_order order, uint32_t *aliases)
{
	static int (*const compare[])(const struct call_tree *tree, uint32_t a,
				      uint32_t b) = {
		[CALL_TREE_HEAVY_FIRST] = compare_places,
		[CALL_TREE_LINELESS] = compare_lineless,
		[CALL_TREE_BY_NAME] = compare_names,
	};
	struct comparing comparing = { tree, compare[order] };
	size_t count = tree->function_count;
	_cleanup_free_ uint32_t *sorted = calloc(count + 1, sizeof(*sorted));
	uint32_t first = 0;

	if (!sorted)
		return false;
	for (size_t i = 0; i < count; i++)
		sorted[i] = (uint32_t)i;
	qsort_r(sorted, count, sizeof(*sorted), compare_functions, &comparing);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 ||
		    comparing.compare(tree, first, sorted[i]) != 0)
			first = sorted[i];
		aliases[sorted[i]] = first;
	}
	return true;
}

// Of the functions from @first on.
static struct error *finish(struct loader *loader, size_t first,
			    enum call_tree_order order, uint32_t **ret_aliases)
{
	struct call_tree *tree = loader->tree;
	_cleanup_free_ uint32_t *all = NULL;
	uint32_t *aliases;

	for (size_t i = 0; i < loader->row_count; i++) {
		struct call_function *function = &tree->functions[first + i];

		function->file = call_ids_find(&loader->files.ids,
					       loader->rows[i].file);
		function->module = call_ids_find(&loader->modules.ids,
						 loader->rows[i].module);
	}
	all = calloc(tree->function_count + 1, sizeof(*all));
	aliases = calloc(loader->row_count + 1, sizeof(*aliases));
	if (!all || !aliases || !find_aliases(tree, order, all)) {
		free(aliases);
		return &error_nomem;
	}
	memcpy(aliases, all + first, loader->row_count * sizeof(*aliases));
	*ret_aliases = aliases;
	return NULL;
}

struct error *call_functions_load(struct call_tree *tree, sqlite3 *database,
				  const struct id_set *wanted,
				  enum call_tree_order order,
				  struct call_ids *ret_ids,
				  uint32_t **ret_aliases)
{
	struct loader loader = {
		.tree = tree,
		.files = { .texts = &tree->files, .count = &tree->file_count },
		.modules = { .texts = &tree->modules,
			     .count = &tree->module_count },
	};
	size_t first = tree->function_count;
	struct error *error = load_rows(&loader, database, wanted);

	if (!error)
		error = finish(&loader, first, order, ret_aliases);
	if (error)
		free(loader.ids.ids);
	else
		*ret_ids = loader.ids;
	loader_deinit(&loader);
	return error;
}
