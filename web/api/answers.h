/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers that routes.c names, and what several of them write. Each is an
 * api_answer_fn: what it says is in web/openapi.yaml.
 */
#ifndef BRINDLE_WEB_API_ANSWERS_H
#define BRINDLE_WEB_API_ANSWERS_H

#include "schema/read/call_tree.h"
#include "schema/read/excerpt.h"
#include "schema/show/json.h"
#include "web/api/api.h"

struct error *answer_status(struct api_call *call);
struct error *answer_timeline(struct api_call *call);
struct error *answer_flame(struct api_call *call);
struct error *answer_top(struct api_call *call);
struct error *answer_sandwich(struct api_call *call);
struct error *answer_diff(struct api_call *call);
struct error *answer_chart(struct api_call *call);
struct error *answer_heatmap(struct api_call *call);
struct error *answer_lines(struct api_call *call);
struct error *answer_files(struct api_call *call);
struct error *answer_processes(struct api_call *call);
struct error *answer_threads(struct api_call *call);
struct error *answer_labels(struct api_call *call);
struct error *answer_gil(struct api_call *call);
struct error *answer_offcpu(struct api_call *call);
struct error *answer_export(struct api_call *call);
struct error *answer_schema(struct api_call *call);
struct error *answer_cookbook(struct api_call *call);
struct error *answer_metrics(struct api_call *call);
struct error *answer_pprof_index(struct api_call *call);
struct error *answer_pprof_profile(struct api_call *call);

/** api_select(), and limit: how many rows, at most @most; 200 when not given. */
struct error *api_select_rows(struct api_call *call, uint64_t most,
			      uint64_t *ret_limit);

/** Parameters that choose stacks: show, hide, only, drop. */
#define API_STACK_PARAMS "show", "hide", "only", "drop"

/** Applies them to the call's profile, as api_select() does the others. */
struct error *api_filter(struct api_call *call);

/** group: the labels that graphs and stacks are shown by. */
struct error *api_group(struct api_call *call);

/** grain: whether these are by function, or by function and line. */
struct error *api_grain(struct api_call *call);

/** What the parameters @prefix and from, to, event, ... ask for. */
struct error *api_options(const struct api_call *call, const char *prefix,
			  struct selection_options *ret, bool *ret_lasting);

/** Leaves the last @range_ns of what is selected; says whether there was more. */
struct error *api_keep_latest(struct selection *selection, sqlite3 *database,
			      uint64_t range_ns, bool *ret_cut);

/** One of @words, which ends with NULL; its index. The first is the standard. */
struct error *api_param_word(const struct api_call *call, const char *name,
			     const char *const *words, size_t *ret);

/** "0" or "1". */
struct error *api_param_flag(const struct api_call *call, const char *name,
			     bool standard, bool *ret);

/** max_nodes. */
struct error *api_param_nodes(const struct api_call *call, uint64_t *ret);

/** ERROR_USAGE when it is not given. */
struct error *api_param_needed(const struct api_call *call, const char *name,
			       const char **ret);

/* Members of the object that is open. */

/** event, unit, and selection: what was asked for, in wall time. */
void api_write_selection(struct json *json, const struct api_call *call,
			 const struct selection *selection,
			 uint64_t resolution_ns);
/** An object of samples and weight. */
void api_write_weight(struct json *json, const char *key,
		      const struct call_weight *weight);
/** name, kind, file, line, module, unresolved. */
void api_write_function(struct json *json, const struct call_tree *tree,
			uint32_t function);

#endif
