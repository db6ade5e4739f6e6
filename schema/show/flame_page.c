// SPDX-License-Identifier: Apache-2.0
// The flame graph page: the bundle that web/ui/page is built into, with the
// profile filled in as a flame document (schema/show/flame_json.h).
#include "schema/read/profile.h"

#include <errno.h>
#include <string.h>

#include "base/embed.h"
#include "schema/read/call_threads.h"
#include "schema/read/excerpt.h"
#include "schema/show/flame_json.h"

EMBEDDED_FILE(page_html);

enum {
	FLAME_NODES_MAX = 500000, /* more would make a browser slow */
};

struct flame {
	struct summary summary;
	struct excerpt excerpt;
	struct call_threads threads;
	const struct grouping *grouping; /* borrowed */
	uint64_t least_samples; /* of a node; 0: nothing was left out */
	bool threads_left_out;
	bool uniform; /* each sample weighs the same */
};

static void flame_deinit(struct flame *flame)
{
	summary_deinit(&flame->summary);
	excerpt_deinit(&flame->excerpt);
	call_threads_deinit(&flame->threads);
}

static struct error *load_threads(struct flame *flame, sqlite3 *database)
{
	const struct excerpt *excerpt = &flame->excerpt;

	if (excerpt->tally.by == TALLY_BY_GROUP)
		return NULL;
	flame->threads_left_out = excerpt->tally.by != TALLY_BY_THREAD;
	if (flame->threads_left_out)
		return NULL;
	return call_threads_load(&flame->threads, &excerpt->tree, database,
				 &excerpt->tally, TALLY_THREADS);
}

static struct error *flame_load(struct flame *flame, struct profile *profile)
{
	struct error *error;

	*flame = (struct flame){ .grouping = profile_grouping(profile) };
	error = excerpt_load(&flame->excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     profile_grouping(profile)->count ?
				     TALLY_BY_GROUP :
				     TALLY_BY_THREAD);
	if (error)
		return error;
	error = summary_load(&flame->summary, profile, &flame->excerpt);
	if (!error)
		error = call_tree_prune(&flame->excerpt.tree, FLAME_NODES_MAX,
					&flame->least_samples);
	if (!error)
		error = load_threads(flame, profile_database(profile));
	if (error)
		flame_deinit(flame);
	else
		flame->uniform = flame_json_is_uniform(
			&flame->excerpt.tree,
			flame->excerpt.selection.events[0].period);
	return error;
}

static void write_profile(const struct flame *flame, const char *title,
			  FILE *out)
{
	const struct flame_document document = {
		.tree = &flame->excerpt.tree,
		.summary = &flame->summary,
		.threads = &flame->threads,
		.grouping = flame->grouping,
		.title = title,
		.least_samples = flame->least_samples,
		.period = flame->excerpt.selection.events[0].period,
		.uniform = flame->uniform,
		.lines = true,
		.threads_left_out = flame->threads_left_out,
	};
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	flame_json_write(&document, &json);
	json_close(&json, '}');
}

static struct error *write_page(const struct flame *flame, const char *title,
				FILE *out)
{
	static const char mark[] = "@PROFILE@";
	const struct embedded_file *page = &embedded_page_html;
	const char *place = strstr(page->text, mark);
	const char *rest;

	if (!place)
		return error_create(ERROR_BAD_DATA, "the page has no place "
						    "for a profile");
	rest = place + strlen(mark);
	fwrite(page->text, 1, (size_t)(place - page->text), out);
	write_profile(flame, title, out);
	fwrite(rest, 1, page->size - (size_t)(rest - page->text), out);
	if (ferror(out))
		return error_from_errno(errno, "write the page");
	return NULL;
}

struct error *profile_flame(struct profile *profile, const char *title,
			    FILE *out)
{
	struct flame flame;
	struct error *error;

	error = flame_load(&flame, profile);
	if (!error) {
		error = write_page(&flame, title, out);
		flame_deinit(&flame);
	}
	return error_wrap(error, "flame graph");
}
