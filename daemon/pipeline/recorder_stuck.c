// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_stuck.h"

#include "base/clock.h"
#include "daemon/pipeline/recorder_state.h"

static void note_incident(struct recorder *recorder,
			  const struct capture_thread *stuck, uint64_t now_ns)
{
	const struct target *target = capture_target(stuck);
	char detail[96];

	snprintf(detail, sizeof(detail),
		 "reading process %d on CPU %u did not end",
		 target ? (int)target->pid : 0, stuck->perf->cpu);
	store_incident(recorder->store, "capture-stuck",
		       now_ns - CAPTURE_STUCK_MS * NS_PER_MS, now_ns, detail);
}

// The oldest of the latest STUCK_OF_LATE is still remembered.
static bool too_many_of_late(const struct recorder *recorder, uint64_t now_ns)
{
	uint64_t oldest =
		recorder->stuck_ns[recorder->stuck_count % STUCK_OF_LATE];

	return recorder->stuck_count >= STUCK_OF_LATE &&
	       now_ns - oldest < STUCK_MEMORY_S * NS_PER_SEC;
}

static void restrict_reading(struct recorder *recorder, uint64_t now_ns)
{
	bool late = too_many_of_late(recorder, now_ns);

	target_table_restrict(recorder->targets,
			      late || recorder->stuck_now >= STUCK_AT_A_TIME,
			      recorder->stuck_now > STUCK_AT_A_TIME);
}

static bool holder_is_free(const struct recorder *recorder,
			   unsigned int holder)
{
	for (size_t i = 0; i < recorder->capture_count; i++)
		if (recorder->captures[i]->holder == holder)
			return false;
	for (const struct capture_thread *stuck = recorder->stuck; stuck;
	     stuck = stuck->next_stuck)
		if (stuck->holder == holder)
			return false;
	return true;
}

static unsigned int free_holder(const struct recorder *recorder)
{
	unsigned int holder = 0;

	while (holder < TARGET_HOLDERS - 1 && !holder_is_free(recorder, holder))
		holder++;
	return holder;
}

static void remember(struct recorder *recorder, struct capture_thread *stuck,
		     uint64_t now_ns)
{
	const struct target *target = capture_target(stuck);

	note_incident(recorder, stuck, now_ns);
	if (target)
		target_table_ban(recorder->targets, target->pid, now_ns);
	recorder->stuck_ns[recorder->stuck_count++ % STUCK_OF_LATE] = now_ns;
	recorder->stuck_now++;
	stuck->next_stuck = recorder->stuck;
	recorder->stuck = stuck;
	restrict_reading(recorder, now_ns);
}

// The one in slot @i was given up. When no successor can be started the CPU's
// samples go without their interpreters.
static void replace(struct recorder *recorder, size_t i, uint64_t now_ns)
{
	struct capture_thread *stuck = recorder->captures[i];
	struct capture_thread *next = take_ptr(recorder->spare);
	enum switch_proof granted;
	struct error *error;

	remember(recorder, stuck, now_ns);
	error = capture_succeed(next, stuck, free_holder(recorder));
	recorder->captures[i] = next;
	recorder->pipeline.merge.sources[i].capture = next;
	if (!next->realtime)
		recorder->pipeline.proofs.switch_most_ns = PROOF_SWITCH_MOST_NS;
	if (!error)
		error = perf_cpu_open_proof(&recorder->cpus[i], &recorder->perf,
					    next->tid, &granted);
	error_destroy(error);
}

static void free_ended(struct recorder *recorder)
{
	struct capture_thread **link = &recorder->stuck;

	while (*link) {
		struct capture_thread *stuck = *link;

		if (!capture_has_ended(stuck)) {
			link = &stuck->next_stuck;
			continue;
		}
		*link = stuck->next_stuck;
		recorder->stuck_now--;
		target_table_release(recorder->targets, stuck->holder);
		capture_destroy(stuck);
		free(stuck);
	}
}

struct labour {
	struct recorder *recorder;
	void (*work)(void *context);
	void *context;
};

static void do_work(void *context)
{
	const struct labour *labour = context;

	labour->work(labour->context);
	if (labour->recorder->spiller)
		spill_thread_set_worker(labour->recorder->spiller, 0);
}

static void note_hung_look(struct recorder *recorder, const char *at, pid_t pid,
			   uint64_t now_ns)
{
	char detail[96];

	snprintf(detail, sizeof(detail), "looking at %s process %d did not end",
		 at, (int)pid);
	if (recorder->store)
		store_incident(recorder->store, "capture-stuck",
			       now_ns - CAPTURE_STUCK_MS * NS_PER_MS, now_ns,
			       detail);
}

// The worker was held for about CAPTURE_STUCK_MS; the rings have room for that.
static void note_hung_work(void *context, pid_t pid)
{
	struct recorder *recorder = ((struct labour *)context)->recorder;
	uint64_t now = monotonic_ns();

	target_table_ban(recorder->targets, pid, now);
	note_hung_look(recorder, "code objects of", pid, now);
}

void recorder_work(struct recorder *recorder, void (*work)(void *context),
		   void *context)
{
	struct labour labour = { recorder, work, context };
	struct pipeline *pipeline = &recorder->pipeline;

	if (!pipeline->lifeline)
		error_destroy(lifeline_create(&pipeline->lifeline));
	if (pipeline->lifeline)
		lifeline_run(pipeline->lifeline, do_work, note_hung_work,
			     &labour);
	else
		work(context);
}

static bool have_spare(struct recorder *recorder)
{
	if (!recorder->spare)
		recorder->spare = calloc(1, sizeof(*recorder->spare));
	return recorder->spare;
}

void recorder_replace_stuck(struct recorder *recorder, uint64_t now_ns)
{
	pid_t hung = keeper_take_hung(recorder->keeper);

	if (hung)
		note_hung_look(recorder, "the interpreter of", hung, now_ns);
	for (size_t i = 0; i < recorder->capture_count; i++) {
		struct capture_thread *capture = recorder->captures[i];

		if (!capture->started)
			capture_pass_over_ring(capture);
		else if (have_spare(recorder) &&
			 capture_give_up_if_stuck(capture, now_ns))
			replace(recorder, i, now_ns);
	}
	if (!recorder->stuck)
		return;
	free_ended(recorder);
	restrict_reading(recorder, now_ns);
}

void recorder_keep_stuck(struct recorder *recorder,
			 struct capture_thread *capture)
{
	if (!capture_stop(capture)) {
		recorder->stuck_now++;
		capture->next_stuck = recorder->stuck;
		recorder->stuck = capture;
		return;
	}
	capture_destroy(capture);
	free(capture);
}

void recorder_free_stuck(struct recorder *recorder)
{
	free_ended(recorder);
	free(take_ptr(recorder->spare));
	lifeline_destroy(take_ptr(recorder->pipeline.lifeline));
}

bool recorder_has_stuck(const struct recorder *recorder,
			const struct perf_cpu *cpu)
{
	for (const struct capture_thread *stuck = recorder->stuck; stuck;
	     stuck = stuck->next_stuck)
		if (stuck->perf == cpu)
			return true;
	return false;
}
