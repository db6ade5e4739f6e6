// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/replay_profile.h"

#include "base/array.h"
#include "base/version.h"
#include "daemon/perf/perf_record.h"
#include "daemon/capture/proof.h"
#include "daemon/replay/replay.h"
#include "daemon/pipeline/resolve.h"

#include <string.h>

enum { SAMPLES_PER_COMMIT = 4096 };

struct replay_profile {
	const struct sample_reader *reader; // borrowed
	struct store *store;		    // owned
	struct resolver resolver;
	struct resolved_frame *frames; // owned; scratch
	size_t frame_capacity;
	uint64_t samples, last_ns;
	uint64_t reasons[PROOF_REASON_COUNT]; // of samples not proven
};

static const char *kernel_name(void *context, uint64_t address)
{
	return sample_reader_kernel_symbol(context, address);
}

struct error *replay_profile_create(const char *path, const char *source,
				    const struct sample_reader *reader,
				    struct replay_profile **ret)
{
	struct store_session session = {
		.brindle_version = BRINDLE_VERSION,
		.host = "",
		.kernel = "",
		.architecture = sample_reader_arch(reader)->name,
		.command = source,
		.event = "replay",
		.event_note = "",
	};
	struct replay_profile *profile = calloc(1, sizeof(*profile));
	struct error *error;

	if (!profile)
		return &error_nomem;
	profile->reader = reader;
	sample_reader_start(reader, &session.start_monotonic_ns,
			    &session.start_wall_ns);
	profile->last_ns = session.start_monotonic_ns;
	error = store_open(path, &session, &profile->store);
	if (!error)
		error = resolver_init(&profile->resolver, profile->store);
	if (error) {
		store_destroy(profile->store);
		free(profile);
		return error;
	}
	profile->resolver.kernel_name = kernel_name;
	profile->resolver.kernel_context = (void *)reader;
	*ret = profile;
	return NULL;
}

// Code objects of the reader stay where they are until it is destroyed, and
// their ids are the resolver's to use.
static void add_user(const struct kept_sample *sample,
		     const struct walk_result *walk, bool proven,
		     struct resolved_frame *to)
{
	for (size_t i = 0; i < walk->frame_count; i++, to++) {
		to->frame = walk->frames[i];
		to->code = NULL;
		if (to->frame.kind != FRAME_PYTHON)
			continue;
		to->code = (struct python_code *)replay_find_code(
			sample, to->frame.code);
		to->frame.status = !to->code || to->code->state !=
							PYTHON_CODE_NAMED ?
					   FRAME_UNRESOLVED :
				   proven ? FRAME_PROVEN :
					    FRAME_UNPROVEN;
	}
}

// The store keeps reasons as constant strings.
static const char *count_reason(struct replay_profile *profile,
				const char *text)
{
	for (int i = PROOF_HOLDS + 1; i < PROOF_REASON_COUNT; i++)
		if (!strcmp(text, proof_reason_name(i))) {
			profile->reasons[i]++;
			return proof_reason_name(i);
		}
	return "unknown";
}

static void judge(struct replay_profile *profile, size_t number,
		  bool equal, struct store_sample *row)
{
	const char *reason = "";
	uint32_t trust;

	row->trust = STORE_TRUST_UNPROVEN;
	row->trust_reason = "replayed-differently";
	if (!equal)
		return;
	row->trust_reason = "undecided";
	if (!sample_reader_verdict(profile->reader, number, &trust, &reason))
		return;
	row->trust = trust;
	row->trust_reason = *reason ? count_reason(profile, reason) : NULL;
}

static int64_t thread_row(struct store *store, const struct kept_sample *sample)
{
	int64_t process = store_process(store, sample->pid, sample->start_ns,
					sample->process_name);

	return store_thread(store, process, sample->tid, 0,
			    sample->thread_name);
}

struct error *replay_profile_add(struct replay_profile *profile, size_t number,
				 const struct kept_sample *sample,
				 const struct walk_result *walk, bool equal)
{
	struct store_sample row = {
		.time_ns = sample->time_ns,
		.weight = sample->period_ns,
		.thread_id = thread_row(profile->store, sample),
		.cpu = sample->cpu,
		.walk_end = walk_end_name(walk->end),
	};
	size_t count;

	if (!array_reserve((void **)&profile->frames, &profile->frame_capacity,
			   sample->chain_count + walk->frame_count,
			   sizeof(*profile->frames)))
		return &error_nomem;
	judge(profile, number, equal, &row);
	count = resolved_kernel_frames(sample->chain, sample->chain_count,
				       profile->frames);
	add_user(sample, walk, row.trust == STORE_TRUST_PROVEN,
		 profile->frames + count);
	row.callsite_id = resolve_stack(&profile->resolver, 0, profile->frames,
					count + walk->frame_count);
	store_add_sample(profile->store, &row);
	if (sample->time_ns > profile->last_ns)
		profile->last_ns = sample->time_ns;
	return ++profile->samples % SAMPLES_PER_COMMIT ?
		       NULL :
		       store_commit(profile->store);
}

static void report_health(struct replay_profile *profile)
{
	char name[64];

	store_set_health(profile->store, "samples", (int64_t)profile->samples,
			 "samples stored");
	for (int i = PROOF_HOLDS + 1; i < PROOF_REASON_COUNT; i++) {
		snprintf(name, sizeof(name), "unproven_%s",
			 proof_reason_name(i));
		store_set_health(profile->store, name,
				 (int64_t)profile->reasons[i],
				 proof_reason_text(i));
	}
}

struct error *replay_profile_close(struct replay_profile *profile)
{
	struct error *error;

	if (!profile)
		return NULL;
	resolver_deinit(&profile->resolver);
	report_health(profile);
	error = store_close(profile->store, profile->last_ns);
	free(profile->frames);
	free(profile);
	return error;
}
