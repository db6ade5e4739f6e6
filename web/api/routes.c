// SPDX-License-Identifier: Apache-2.0
// All questions by GET. web/openapi.yaml says what each of them is.
#include "web/api/answers.h"

static const char *const none[] = { NULL };
static const char *const timeline[] = { API_SELECTION_PARAMS, "by", "buckets",
					"rows", NULL };
static const char *const flame[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
				     "group", "grain", "max_nodes", "view", "lines",
				     "threads", NULL };
static const char *const top[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
				   "sort", "limit", "function", NULL };
static const char *const sandwich[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
					"function", "kind", "file", "module",
					"max_nodes", NULL };
static const char *const diff[] = {
	"a_from", "a_to", "a_event", "a_process", "a_thread", "a_user",
	"a_cgroup", "b_from", "b_to", "b_event", "b_process", "b_thread",
	"b_user", "b_cgroup", API_STACK_PARAMS, "sort", "limit", "max_nodes",
	NULL
};
static const char *const chart[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
				     "pid", "tid", "max_samples", NULL };
static const char *const heatmap[] = { API_SELECTION_PARAMS, "columns", "rows",
				       NULL };
static const char *const stacks[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
				      NULL };
static const char *const lines[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
				     "file", NULL };
static const char *const pprof[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
				     "seconds", NULL };
static const char *const listed[] = { API_SELECTION_PARAMS, "limit", NULL };
static const char *const exported[] = { API_SELECTION_PARAMS, API_STACK_PARAMS,
					"group", "grain", "format", NULL };

const struct api_route api_routes[] = {
	{ "/api/v1/status", none, answer_status, false },
	{ "/api/v1/timeline", timeline, answer_timeline, false },
	{ "/api/v1/flame", flame, answer_flame, false },
	{ "/api/v1/top", top, answer_top, false },
	{ "/api/v1/sandwich", sandwich, answer_sandwich, false },
	{ "/api/v1/diff", diff, answer_diff, false },
	{ "/api/v1/chart", chart, answer_chart, false },
	{ "/api/v1/heatmap", heatmap, answer_heatmap, false },
	{ "/api/v1/lines", lines, answer_lines, false },
	{ "/api/v1/files", stacks, answer_files, false },
	{ "/api/v1/gil", listed, answer_gil, false },
	{ "/api/v1/offcpu", listed, answer_offcpu, false },
	{ "/api/v1/processes", listed, answer_processes, false },
	{ "/api/v1/threads", listed, answer_threads, false },
	{ "/api/v1/labels", listed, answer_labels, false },
	{ "/api/v1/export", exported, answer_export, false },
	{ "/api/v1/schema", none, answer_schema, false },
	{ "/api/v1/cookbook", none, answer_cookbook, false },
	{ "/metrics", none, answer_metrics, false },
	{ "/debug/pprof/", none, answer_pprof_index, false },
	{ "/debug/pprof/profile", pprof, answer_pprof_profile, false },
	{ 0 },
};
