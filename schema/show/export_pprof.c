// SPDX-License-Identifier: Apache-2.0
// pprof: github.com/google/pprof, proto/profile.proto, compressed. A profile
// is samples, each a list of locations, the leaf first, with values and labels;
// locations name lines of functions and addresses in mappings, and all text is
// in one table, by number.
#include "schema/show/export.h"

#include <errno.h>
#include <string.h>

#include "schema/show/export_stacks.h"
#include "schema/show/gzip.h"
#include "schema/show/protobuf.h"
#include "schema/show/summary.h"

enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum { VALUE_TYPE = 1, VALUE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_TEXT = 2, LABEL_NUMBER = 3 };
enum {
	MAPPING_ID = 1, MAPPING_LIMIT = 3, MAPPING_FILE = 5,
	MAPPING_BUILD_ID = 6, MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILES = 8, MAPPING_HAS_LINES = 9, MAPPING_HAS_INLINES = 10,
};
enum {
	LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
};
enum { LINE_FUNCTION = 1, LINE_NUMBER = 2 };
enum {
	FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILE = 4, FUNCTION_FIRST_LINE = 5,
};

/* Numbers of texts that many samples have. */
struct thread_texts {
	uint64_t process, thread;
};

struct pprof {
	const struct export_stacks *stacks; /* borrowed */
	const struct summary *summary;	    /* borrowed */
	FILE *out;			    /* borrowed */
	struct protobuf message, inner, list; /* being made */
	uint64_t text_count;
	struct thread_texts *threads; /* owned; of each thread */
	uint64_t labels[4];	      /* pid, process, tid, thread */
	uint64_t *values;	      /* owned; of each value of groups */
	uint64_t group_labels[GROUPING_LABELS_MAX]; /* 0: there already */
	uint64_t kind_label, kinds[STORE_OTHER + 1];
	bool failed;
};

static void pprof_deinit(struct pprof *pprof)
{
	protobuf_deinit(&pprof->message);
	protobuf_deinit(&pprof->inner);
	protobuf_deinit(&pprof->list);
	free(pprof->threads);
	free(pprof->values);
}

static void flush(struct pprof *pprof, enum profile_field field)
{
	pprof->failed |= pprof->message.failed;
	protobuf_flush(&pprof->message, field, pprof->out);
}

// Tables may stand in pieces between other fields. Text 0 is "".
static uint64_t add_text(struct pprof *pprof, const char *text)
{
	struct protobuf field = { 0 };

	if (!text || !*text)
		return 0;
	protobuf_bytes(&field, PROFILE_STRING, text, strlen(text));
	pprof->failed |= field.failed;
	if (field.size)
		fwrite(field.bytes, 1, field.size, pprof->out);
	protobuf_deinit(&field);
	return pprof->text_count++;
}

static void write_value_type(struct pprof *pprof, enum profile_field field,
			     uint64_t type, uint64_t unit)
{
	protobuf_number(&pprof->message, VALUE_TYPE, type);
	protobuf_number(&pprof->message, VALUE_UNIT, unit);
	flush(pprof, field);
}

// Readers know the word cpu.
static const char *type_name(const struct selection *selection)
{
	if (strcmp(selection->unit, "ns") == 0 &&
	    strcmp(selection->event, "off-cpu") != 0)
		return "cpu";
	return selection->event;
}

static void write_head(struct pprof *pprof)
{
	const struct excerpt *excerpt = &pprof->stacks->excerpt;
	const struct summary *summary = pprof->summary;
	const char *unit = excerpt->selection.unit;
	uint64_t type, unit_text;

	protobuf_flush(&pprof->message, PROFILE_STRING, pprof->out);
	pprof->text_count = 1;
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, add_text(pprof, "samples"),
			 add_text(pprof, "count"));
	type = add_text(pprof, type_name(&excerpt->selection));
	unit_text = add_text(pprof,
			     strcmp(unit, "ns") == 0 ? "nanoseconds" : unit);
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, type, unit_text);
	write_value_type(pprof, PROFILE_PERIOD_TYPE, type, unit_text);
	protobuf_number(&pprof->message, PROFILE_PERIOD,
			excerpt->selection.events[0].period);
	protobuf_number(&pprof->message, PROFILE_TIME_NANOS,
			(uint64_t)excerpt->selection.wall.from_ns);
	protobuf_number(&pprof->message, PROFILE_DURATION_NANOS,
			excerpt_duration_ns(excerpt));
	protobuf_number(&pprof->message, PROFILE_DEFAULT_SAMPLE_TYPE, type);
	protobuf_number(&pprof->message, PROFILE_COMMENT,
			add_text(pprof, summary->host));
	protobuf_number(&pprof->message, PROFILE_COMMENT,
			add_text(pprof, summary->command));
	fwrite(pprof->message.bytes, 1, pprof->message.size, pprof->out);
	pprof->failed |= pprof->message.failed;
	protobuf_clear(&pprof->message);
}

// An address is the module's own, so a mapping begins at 0 and ends behind the
// highest one.
static uint64_t *find_limits(const struct export_stacks *stacks)
{
	const struct call_tree *tree = &stacks->excerpt.tree;
	uint64_t *limits = calloc(tree->module_count + 1, sizeof(*limits));

	for (size_t i = 0; limits && i < tree->callsites.count; i++) {
		const struct call_site *site = &tree->sites[i];
		uint32_t function = tree->nodes[site->node].function;
		uint32_t module = tree->functions[function].module;
		uint64_t vaddr = export_stacks_vaddr(stacks, site);

		if (module != CALL_TREE_NONE && vaddr >= limits[module])
			limits[module] = vaddr + (vaddr < UINT64_MAX);
	}
	return limits;
}

static void write_mappings(struct pprof *pprof)
{
	const struct call_tree *tree = &pprof->stacks->excerpt.tree;
	_cleanup_free_ uint64_t *limits = find_limits(pprof->stacks);
	struct protobuf *message = &pprof->message;

	pprof->failed |= !limits;
	for (size_t i = 0; limits && i < tree->module_count; i++) {
		protobuf_number(message, MAPPING_ID, i + 1);
		protobuf_number(message, MAPPING_LIMIT, limits[i]);
		protobuf_number(message, MAPPING_FILE,
				add_text(pprof, tree->modules[i]));
		protobuf_number(message, MAPPING_BUILD_ID,
				add_text(pprof, pprof->stacks->build_ids[i]));
		// What is not named by now will not be by looking for symbols.
		protobuf_number(message, MAPPING_HAS_FUNCTIONS, 1);
		protobuf_number(message, MAPPING_HAS_FILES, 1);
		protobuf_number(message, MAPPING_HAS_LINES, 1);
		protobuf_number(message, MAPPING_HAS_INLINES, 1);
		flush(pprof, PROFILE_MAPPING);
	}
}

static void write_functions(struct pprof *pprof)
{
	const struct call_tree *tree = &pprof->stacks->excerpt.tree;
	_cleanup_free_ uint64_t *files =
		calloc(tree->file_count + 1, sizeof(*files));

	pprof->failed |= !files;
	for (size_t i = 0; files && i < tree->file_count; i++)
		files[i] = add_text(pprof, tree->files[i]);
	for (size_t i = 0; files && i < tree->function_count; i++) {
		const struct call_function *function = &tree->functions[i];
		struct protobuf *message = &pprof->message;
		uint64_t name = add_text(pprof, function->name);

		protobuf_number(message, FUNCTION_ID, i + 1);
		protobuf_number(message, FUNCTION_NAME, name);
		protobuf_number(message, FUNCTION_SYSTEM_NAME, name);
		if (function->file != CALL_TREE_NONE)
			protobuf_number(message, FUNCTION_FILE,
					files[function->file]);
		protobuf_number(message, FUNCTION_FIRST_LINE,
				function->first_line);
		flush(pprof, PROFILE_FUNCTION);
	}
}

static void write_location(struct pprof *pprof, uint64_t id, uint32_t function,
			   uint64_t vaddr, uint32_t line)
{
	const struct call_tree *tree = &pprof->stacks->excerpt.tree;
	uint32_t module = tree->functions[function].module;

	protobuf_clear(&pprof->inner);
	protobuf_number(&pprof->inner, LINE_FUNCTION, (uint64_t)function + 1);
	protobuf_number(&pprof->inner, LINE_NUMBER, line);
	protobuf_number(&pprof->message, LOCATION_ID, id);
	if (module != CALL_TREE_NONE)
		protobuf_number(&pprof->message, LOCATION_MAPPING,
				(uint64_t)module + 1);
	protobuf_number(&pprof->message, LOCATION_ADDRESS, vaddr);
	protobuf_message(&pprof->message, LOCATION_LINE, &pprof->inner);
	flush(pprof, PROFILE_LOCATION);
}

// A location is a frame, which many call sites share. Its number is that of
// the frame; what has no frame comes after all others.
static uint64_t location_of(const struct export_stacks *stacks,
			    const struct call_site *site)
{
	uint32_t frame = call_ids_find(&stacks->frame_ids, site->frame_id);

	return frame == CALL_TREE_NONE ? stacks->frame_ids.count + 1 :
					 (uint64_t)frame + 1;
}

// What a filter folds into its caller has its caller's node.
static bool is_folded(const struct call_tree *tree, const struct call_site *site)
{
	uint32_t above = site->parent == CALL_TREE_NONE ?
				 0 :
				 tree->sites[site->parent].node;

	return site->node == above;
}

static void write_locations(struct pprof *pprof)
{
	const struct export_stacks *stacks = pprof->stacks;
	const struct call_tree *tree = &stacks->excerpt.tree;
	_cleanup_free_ bool *written =
		calloc(stacks->frame_ids.count + 2, sizeof(*written));

	pprof->failed |= !written;
	for (size_t i = 0; written && i < tree->callsites.count; i++) {
		const struct call_site *site = &tree->sites[i];
		uint64_t id = location_of(stacks, site);

		if (written[id] || is_folded(tree, site))
			continue;
		written[id] = true;
		write_location(pprof, id, tree->nodes[site->node].function,
			       export_stacks_vaddr(stacks, site), site->line);
	}
	if (written && !written[stacks->frame_ids.count + 1])
		write_location(pprof, stacks->frame_ids.count + 1,
			       tree->nodes[tree->bare_node].function, 0, 0);
}

static void write_label(struct pprof *pprof, uint64_t key, uint64_t text,
			uint64_t number)
{
	protobuf_clear(&pprof->inner);
	protobuf_number(&pprof->inner, LABEL_KEY, key);
	protobuf_number(&pprof->inner, LABEL_TEXT, text);
	protobuf_number(&pprof->inner, LABEL_NUMBER, number);
	protobuf_message(&pprof->message, SAMPLE_LABEL, &pprof->inner);
}

// Those that are not apart are in a group that has none of them.
static void write_groups(struct pprof *pprof, int64_t thread_id)
{
	const struct groups *groups = &pprof->stacks->groups;
	uint32_t group = groups_find(groups, thread_id);
	size_t level = pprof->stacks->grouping.count;

	if (!group || group == groups->others)
		return;
	for (; group && level-- > 0; group = groups->groups[group].parent)
		if (pprof->group_labels[level])
			write_label(pprof, pprof->group_labels[level],
				    pprof->values[groups->groups[group].value],
				    0);
}

static void write_labels(struct pprof *pprof, const struct export_cell *cell)
{
	const struct call_tree *tree = &pprof->stacks->excerpt.tree;
	enum store_kind kind = STORE_OTHER;

	if (cell->site != CALL_TREE_NONE) {
		uint32_t node = tree->sites[cell->site].node;

		kind = tree->functions[tree->nodes[node].function].kind;
	}
	write_label(pprof, pprof->kind_label, pprof->kinds[kind], 0);
	if (cell->thread == CALL_TREE_NONE)
		return;
	const struct export_thread *thread =
		&pprof->stacks->threads.threads[cell->thread];
	const struct thread_texts *texts = &pprof->threads[cell->thread];

	write_label(pprof, pprof->labels[0], 0, (uint64_t)thread->pid);
	if (texts->process)
		write_label(pprof, pprof->labels[1], texts->process, 0);
	write_label(pprof, pprof->labels[2], 0, (uint64_t)thread->tid);
	if (texts->thread)
		write_label(pprof, pprof->labels[3], texts->thread, 0);
	if (pprof->stacks->groups.count)
		write_groups(pprof,
			     pprof->stacks->threads.ids.ids[cell->thread]);
}

static void write_sample(struct pprof *pprof, const struct export_cell *cell)
{
	const struct call_tree *tree = &pprof->stacks->excerpt.tree;
	struct protobuf *list = &pprof->list;
	uint32_t site = cell->site;

	protobuf_clear(list);
	if (site == CALL_TREE_NONE)
		protobuf_element(list, pprof->stacks->frame_ids.count + 1);
	for (; site != CALL_TREE_NONE; site = tree->sites[site].parent)
		if (!is_folded(tree, &tree->sites[site]))
			protobuf_element(list,
					 location_of(pprof->stacks,
						     &tree->sites[site]));
	protobuf_message(&pprof->message, SAMPLE_LOCATIONS, list);
	protobuf_clear(list);
	protobuf_element(list, cell->weight.samples);
	protobuf_element(list, cell->weight.weight);
	protobuf_message(&pprof->message, SAMPLE_VALUES, list);
	write_labels(pprof, cell);
	flush(pprof, PROFILE_SAMPLE);
}

static const char *const thread_keys[] = { "pid", "process", "tid", "thread" };
enum { THREAD_KEYS = sizeof(thread_keys) / sizeof(*thread_keys) };

static bool is_thread_key(const char *name)
{
	for (size_t i = 0; i < THREAD_KEYS; i++)
		if (strcmp(thread_keys[i], name) == 0)
			return true;
	return false;
}

static void write_group_texts(struct pprof *pprof)
{
	const struct grouping *grouping = &pprof->stacks->grouping;
	const struct groups *groups = &pprof->stacks->groups;

	pprof->values = calloc(groups->value_count + 1, sizeof(*pprof->values));
	pprof->failed |= !pprof->values;
	for (size_t i = 0; pprof->values && i < groups->value_count; i++)
		pprof->values[i] = add_text(pprof, groups->values[i].text);
	for (size_t i = 0; i < grouping->count; i++) {
		const char *name = grouping_label(grouping, i);

		if (!is_thread_key(name))
			pprof->group_labels[i] = add_text(pprof, name);
	}
}

static void write_label_texts(struct pprof *pprof)
{
	const struct export_stacks *stacks = pprof->stacks;

	for (size_t i = 0; i < THREAD_KEYS; i++)
		pprof->labels[i] = add_text(pprof, thread_keys[i]);
	pprof->kind_label = add_text(pprof, "kind");
	for (enum store_kind kind = STORE_PYTHON; kind <= STORE_OTHER; kind++)
		pprof->kinds[kind] = add_text(pprof, call_kind_name(kind));
	pprof->threads =
		calloc(stacks->threads.count + 1, sizeof(*pprof->threads));
	pprof->failed |= !pprof->threads;
	for (size_t i = 0; pprof->threads && i < stacks->threads.count; i++) {
		pprof->threads[i].process =
			add_text(pprof, stacks->threads.threads[i].process);
		pprof->threads[i].thread =
			add_text(pprof, stacks->threads.threads[i].name);
	}
}

static struct error *write_profile(const struct export_stacks *stacks,
				   const struct summary *summary, FILE *out)
{
	struct pprof pprof = { .stacks = stacks, .summary = summary,
			       .out = out };

	write_head(&pprof);
	write_mappings(&pprof);
	write_functions(&pprof);
	write_locations(&pprof);
	write_label_texts(&pprof);
	write_group_texts(&pprof);
	for (size_t i = 0; !pprof.failed && i < stacks->cell_count; i++)
		write_sample(&pprof, &stacks->cells[i]);
	pprof_deinit(&pprof);
	return pprof.failed || pprof.list.failed ? &error_nomem : NULL;
}

static struct error *write_compressed(const struct export_stacks *stacks,
				      const struct summary *summary, FILE *out)
{
	FILE *stream = gzip_open(out, 6);
	struct error *error;

	if (!stream)
		return &error_nomem;
	error = write_profile(stacks, summary, stream);
	if (fclose(stream) != 0 && !error)
		error = error_from_errno(errno, "write the profile");
	return error;
}

struct error *export_write_pprof(struct profile *profile, FILE *out)
{
	struct summary summary = { 0 };
	struct export_stacks stacks;
	struct error *error = export_stacks_load(&stacks, profile);

	if (!error) {
		error = summary_load(&summary, profile, &stacks.excerpt);
		if (!error)
			error = write_compressed(&stacks, &summary, out);
		summary_deinit(&summary);
		export_stacks_deinit(&stacks);
	}
	return error_wrap(error, "export for pprof");
}
