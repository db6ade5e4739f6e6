// SPDX-License-Identifier: Apache-2.0
// From rows to a call_tree. Row ids become indices on the way; a row that
// points nowhere (the file may be damaged, or forged) is left out.
#include "schema/call_tree.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "schema/sql.h"

struct place {
	uint32_t function, line;
	bool doubtful;
};

/*
 * The node of (parent, function), by open addressing. Function 0 is the root's
 * and parents come first, so a node is never 0: 0 is a free slot.
 */
struct edges {
	uint32_t *slots;   /* owned */
	size_t slot_count; /* power of two */
};

struct loader {
	struct call_tree *tree; /* borrowed */
	sqlite3 *database;	/* borrowed */
	enum call_tree_order order;
	struct call_ids files, modules, functions, frames;
	size_t file_capacity, module_capacity;
	uint32_t *aliases; /* owned; the function that each one is shown as */
	struct place *places; /* owned; of each frame */
	size_t place_count, place_capacity;
	struct edges edges;
};

static void loader_deinit(struct loader *loader)
{
	free(loader->files.ids);
	free(loader->modules.ids);
	free(loader->functions.ids);
	free(loader->frames.ids);
	free(loader->aliases);
	free(loader->places);
	free(loader->edges.slots);
}

/* False: no memory. */
typedef bool (*take_row_fn)(struct loader *loader, sqlite3_stmt *row);

static struct error *each_row(struct loader *loader, const char *sql,
			      take_row_fn take)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error;
	int result;

	error = sql_prepare(loader->database, sql, &statement);
	if (error)
		return error;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		if (!take(loader, statement))
			return &error_nomem;
	if (result != SQLITE_DONE)
		return sql_error(loader->database, result);
	return NULL;
}

static bool add_id(struct call_ids *ids, int64_t id)
{
	if (ids->count >= CALL_TREE_NONE - 2 ||
	    !array_reserve_one(ids->ids, ids->count, ids->capacity))
		return false;
	ids->ids[ids->count++] = id;
	return true;
}

// Owned by the caller; a missing text is "". NULL: no memory.
static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	int size = sqlite3_column_bytes(row, column);

	return text_repair(text ? text : "", text ? (size_t)size : 0);
}

static bool add_text(sqlite3_stmt *row, struct call_ids *ids, char ***texts,
		     size_t *count, size_t *capacity)
{
	char *text;

	if (!array_reserve((void **)texts, capacity, *count + 1,
			   sizeof(**texts)) ||
	    !add_id(ids, sqlite3_column_int64(row, 0)))
		return false;
	text = column_text(row, 1);
	if (!text)
		return false;
	(*texts)[(*count)++] = text;
	return true;
}

static bool take_file(struct loader *loader, sqlite3_stmt *row)
{
	return add_text(row, &loader->files, &loader->tree->files,
			&loader->tree->file_count, &loader->file_capacity);
}

static bool take_module(struct loader *loader, sqlite3_stmt *row)
{
	return add_text(row, &loader->modules, &loader->tree->modules,
			&loader->tree->module_count, &loader->module_capacity);
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

static bool add_plain_function(struct call_tree *tree, const char *name)
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

static uint64_t count_of(int64_t count)
{
	return count > 0 ? (uint64_t)count : 0;
}

static bool take_function(struct loader *loader, sqlite3_stmt *row)
{
	if (!add_id(&loader->functions, sqlite3_column_int64(row, 0)))
		return false;
	return add_function(
		loader->tree,
		(struct call_function){
			.kind = kind_of(sqlite3_column_int64(row, 1)),
			.name = column_text(row, 2),
			.file = call_ids_find(&loader->files,
					      sqlite3_column_int64(row, 3)),
			.first_line = line_of(sqlite3_column_int64(row, 4)),
			.module = call_ids_find(&loader->modules,
						sqlite3_column_int64(row, 5)),
		});
}

static int compare_functions(const void *left, const void *right, void *context)
{
	const struct call_function *functions = context;
	const struct call_function *a = &functions[*(const uint32_t *)left];
	const struct call_function *b = &functions[*(const uint32_t *)right];
	int result = strcmp(a->name, b->name);

	if (result)
		return result;
	return (a->kind == STORE_KERNEL) - (b->kind == STORE_KERNEL);
}

// Kernel functions stay apart from others of the same name.
static bool alias_by_name(struct loader *loader)
{
	struct call_tree *tree = loader->tree;
	size_t count = tree->function_count;
	_cleanup_free_ uint32_t *sorted = calloc(count, sizeof(*sorted));
	uint32_t first = 0;

	if (!sorted)
		return false;
	for (size_t i = 0; i < count; i++)
		sorted[i] = (uint32_t)i;
	qsort_r(sorted, count, sizeof(*sorted), compare_functions,
		tree->functions);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 ||
		    compare_functions(&first, &sorted[i], tree->functions) != 0)
			first = sorted[i];
		loader->aliases[sorted[i]] = first;
	}
	return true;
}

// Function 0 is the root's; those of the file follow.
static struct error *load_functions(struct loader *loader)
{
	struct error *error = NULL;

	if (!add_plain_function(loader->tree, "all"))
		return &error_nomem;
	error = each_row(loader,
			 "SELECT id, kind_id, name, source_file_id, first_line,"
			 " module_id FROM function ORDER BY id",
			 take_function);
	if (error)
		return error;
	loader->aliases =
		calloc(loader->tree->function_count, sizeof(*loader->aliases));
	if (!loader->aliases)
		return &error_nomem;
	for (size_t i = 0; i < loader->tree->function_count; i++)
		loader->aliases[i] = (uint32_t)i;
	if (loader->order == CALL_TREE_BY_NAME && !alias_by_name(loader))
		return &error_nomem;
	return NULL;
}

static bool take_frame(struct loader *loader, sqlite3_stmt *row)
{
	uint32_t function =
		call_ids_find(&loader->functions, sqlite3_column_int64(row, 1));
	int64_t status = sqlite3_column_int64(row, 2);

	if (function == CALL_TREE_NONE)
		return true;
	function = loader->aliases[function + 1];
	if (!add_id(&loader->frames, sqlite3_column_int64(row, 0)) ||
	    !array_reserve_one(loader->places, loader->place_count,
			       loader->place_capacity))
		return false;
	if (status == STORE_UNRESOLVED)
		loader->tree->functions[function].unresolved = true;
	loader->places[loader->place_count++] = (struct place){
		.function = function,
		.line = line_of(sqlite3_column_int64(row, 3)),
		.doubtful = status != STORE_EXACT && status != STORE_PROVEN,
	};
	return true;
}

static size_t first_slot(const struct edges *edges, uint32_t parent,
			 uint32_t function)
{
	uint64_t key = (uint64_t)parent << 32 | function;

	key = (key ^ key >> 29) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key ^ key >> 32) & (edges->slot_count - 1);
}

// The slot of the edge, or the free one it would have.
static uint32_t *find_edge(const struct loader *loader, uint32_t parent,
			   uint32_t function)
{
	const struct edges *edges = &loader->edges;
	const struct call_node *nodes = loader->tree->nodes;
	size_t slot = first_slot(edges, parent, function);

	while (edges->slots[slot] &&
	       (nodes[edges->slots[slot]].parent != parent ||
		nodes[edges->slots[slot]].function != function))
		slot = (slot + 1) & (edges->slot_count - 1);
	return &edges->slots[slot];
}

static bool grow_edges(struct loader *loader)
{
	struct edges *edges = &loader->edges;
	struct call_tree *tree = loader->tree;
	size_t wanted = edges->slot_count ? 2 * edges->slot_count : 1024;
	uint32_t *slots;

	if (edges->slot_count / 2 > tree->node_count)
		return true;
	slots = calloc(wanted, sizeof(*slots));
	if (!slots)
		return false;
	free(edges->slots);
	edges->slots = slots;
	edges->slot_count = wanted;
	for (uint32_t i = 1; i < tree->node_count; i++)
		*find_edge(loader, tree->nodes[i].parent,
			   tree->nodes[i].function) = i;
	return true;
}

static bool add_node(struct call_tree *tree, uint32_t parent, uint32_t function)
{
	if (!array_reserve_one(tree->nodes, tree->node_count,
			       tree->node_capacity))
		return false;
	tree->nodes[tree->node_count++] = (struct call_node){
		.parent = parent,
		.function = function,
	};
	return true;
}

// 0: no memory.
static uint32_t find_or_add_node(struct loader *loader, uint32_t parent,
				 uint32_t function)
{
	struct call_tree *tree = loader->tree;
	uint32_t *edge;

	if (!grow_edges(loader))
		return 0;
	edge = find_edge(loader, parent, function);
	if (*edge)
		return *edge;
	if (!add_node(tree, parent, function))
		return 0;
	*edge = (uint32_t)(tree->node_count - 1);
	return *edge;
}

static bool add_line(struct call_tree *tree, uint32_t node, uint32_t line,
		     uint64_t samples)
{
	if (!line || !samples)
		return true;
	if (!array_reserve_one(tree->lines, tree->line_count,
			       tree->line_capacity))
		return false;
	tree->lines[tree->line_count++] =
		(struct call_line){ node, line, samples };
	return true;
}

// Of a parent that was left out, nothing is known but that it is not there.
static bool add_callsite(struct call_tree *tree, int64_t id,
			 struct call_site site)
{
	uint32_t index = (uint32_t)tree->callsites.count;

	if (!array_reserve_one(tree->sites, tree->callsites.count,
			       tree->site_capacity) ||
	    !add_id(&tree->callsites, id))
		return false;
	if (site.doubtful)
		site.nearest_doubtful = index;
	else if (site.parent != CALL_TREE_NONE)
		site.nearest_doubtful =
			tree->sites[site.parent].nearest_doubtful;
	else
		site.nearest_doubtful = CALL_TREE_NONE;
	tree->sites[index] = site;
	return true;
}

static void add_weight(struct call_tree *tree, uint32_t node, sqlite3_stmt *row)
{
	struct call_weight *self = &tree->nodes[node].self;

	self->samples += count_of(sqlite3_column_int64(row, 3));
	self->time_ns += count_of(sqlite3_column_int64(row, 4));
}

// Columns: id, parent_id, frame_id, self_samples, self_ns, total_samples.
static bool take_callsite(struct loader *loader, sqlite3_stmt *row)
{
	struct call_tree *tree = loader->tree;
	bool is_root = sqlite3_column_type(row, 1) == SQLITE_NULL;
	uint32_t above = is_root ? CALL_TREE_NONE :
				   call_ids_find(&tree->callsites,
						 sqlite3_column_int64(row, 1));
	uint32_t frame =
		call_ids_find(&loader->frames, sqlite3_column_int64(row, 2));
	uint64_t total = count_of(sqlite3_column_int64(row, 5));
	const struct place *place;
	uint32_t node;

	if (frame == CALL_TREE_NONE || (!is_root && above == CALL_TREE_NONE))
		return true;
	place = &loader->places[frame];
	node = find_or_add_node(loader, is_root ? 0 : tree->sites[above].node,
				place->function);
	if (!node)
		return false;
	add_weight(tree, node, row);
	if (place->doubtful)
		tree->nodes[node].doubtful_samples += total;
	return add_callsite(tree, sqlite3_column_int64(row, 0),
			    (struct call_site){
				    .node = node,
				    .parent = above,
				    .line = place->line,
				    .self_samples = count_of(
					    sqlite3_column_int64(row, 3)),
				    .doubtful = place->doubtful,
			    }) &&
	       add_line(tree, node, place->line, total);
}

static bool take_bare(struct loader *loader, sqlite3_stmt *row)
{
	struct call_tree *tree = loader->tree;
	uint64_t samples = count_of(sqlite3_column_int64(row, 0));
	uint32_t index;

	if (!samples)
		return true;
	if (!add_plain_function(tree, "[no stack]") ||
	    !add_node(tree, 0, (uint32_t)tree->function_count - 1))
		return false;
	index = tree->bare_node = (uint32_t)tree->node_count - 1;
	tree->nodes[index].self = (struct call_weight){
		samples,
		count_of(sqlite3_column_int64(row, 1)),
	};
	return true;
}

static struct error *load_rows(struct loader *loader)
{
	struct error *error;

	error = each_row(loader, "SELECT id, path FROM source_file ORDER BY id",
			 take_file);
	if (!error)
		error = each_row(loader,
				 "SELECT id, path FROM module ORDER BY id",
				 take_module);
	if (!error)
		error = load_functions(loader);
	if (!error)
		error = each_row(loader,
				 "SELECT id, function_id, status_id, line "
				 "FROM frame ORDER BY id",
				 take_frame);
	if (!error)
		error = each_row(loader,
				 "SELECT id, parent_id, frame_id, self_samples,"
				 " self_ns, total_samples "
				 "FROM callsite ORDER BY id",
				 take_callsite);
	if (!error)
		error = each_row(loader,
				 "SELECT count(*), sum(ifnull(weight, "
				 "(SELECT period_ns FROM session))) "
				 "FROM sample WHERE callsite_id IS NULL",
				 take_bare);
	return error;
}

struct error *call_tree_load(struct call_tree *tree, sqlite3 *database,
			     enum call_tree_order order)
{
	struct loader loader = {
		.tree = tree,
		.database = database,
		.order = order,
	};
	struct error *error;

	*tree = (struct call_tree){ 0 };
	error = add_node(tree, 0, 0) ? load_rows(&loader) : &error_nomem;
	if (!error)
		error = call_tree_sort(tree, order);
	loader_deinit(&loader);
	if (error)
		call_tree_deinit(tree);
	return error_wrap(error, "read the stacks");
}
