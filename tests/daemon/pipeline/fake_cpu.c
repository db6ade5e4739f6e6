// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/pipeline/fake_cpu.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "tests/daemon/perf/record_draft.h"

enum { PERIOD_NS = 10000000 };

void fake_cpu_init(struct fake_cpu *fake, unsigned int cpu, size_t ring_bytes)
{
	*fake = (struct fake_cpu){
		.ids = { FAKE_TIMER_ID, FAKE_PROOF_ID, FAKE_OTHER_ID,
			 FAKE_WAKING_ID },
		.sources = { PERF_SOURCE_TIMER, PERF_SOURCE_PROOF,
			     PERF_SOURCE_TIMER, PERF_SOURCE_WAKING },
		.events = { 0, 0, 1, 0 },
		.capture = { .wake_fd = eventfd(0, EFD_CLOEXEC) },
	};
	fake->data = calloc(1, ring_bytes);
	if (!fake->data || fake->capture.wake_fd < 0 ||
	    capture_queue_init(&fake->capture.queue))
		abort();
	fake->ring = (struct perf_ring){ .page = &fake->page,
					 .data = fake->data,
					 .size = ring_bytes,
					 .fd = -1 };
	fake->perf = (struct perf_cpu){ .opener = &opener_direct,
					.cpu = cpu,
					.ring = &fake->ring,
					.ids = fake->ids,
					.sources = fake->sources,
					.events = fake->events,
					.fd_count = FAKE_IDS };
	fake->capture.perf = &fake->perf;
}

void fake_cpu_deinit(struct fake_cpu *fake)
{
	capture_queue_deinit(&fake->capture.queue);
	close(fake->capture.wake_fd);
	free(fake->data);
}

void fake_scan(struct fake_cpu *fake)
{
	perf_ring_set_scanned(&fake->ring, perf_ring_head(&fake->ring));
}

void fake_write(struct fake_cpu *fake, const void *bytes, size_t size)
{
	uint64_t head = fake->page.data_head;

	for (size_t i = 0; i < size; i++)
		fake->data[(head + i) & (fake->ring.size - 1)] =
			((const uint8_t *)bytes)[i];
	__atomic_store_n(&fake->page.data_head, head + size, __ATOMIC_RELEASE);
}

static void finish(struct fake_cpu *fake, struct draft *draft)
{
	size_t bytes = draft_end(draft);

	fake_write(fake, draft->words, bytes);
}

static void finish_with_trailer(struct fake_cpu *fake, struct draft *draft,
				struct fake_task task)
{
	draft_add_pair(draft, task.pid, task.tid);
	draft_add(draft, task.time_ns);
	draft_add_pair(draft, fake->perf.cpu, 0);
	draft_add(draft, FAKE_TIMER_ID);
	finish(fake, draft);
}

static void add_registers(struct draft *draft, uint64_t reg)
{
	draft_add(draft, reg ? PERF_SAMPLE_REGS_ABI_64 :
			       PERF_SAMPLE_REGS_ABI_NONE);
	for (unsigned int i = 0; reg && i < arch_native()->perf_count; i++)
		draft_add(draft, reg);
}

/** Which event, and for how much of it. */
struct cause {
	uint64_t id, period;
};

static const struct cause timer = { FAKE_TIMER_ID, PERIOD_NS };

static void write_sample(struct fake_cpu *fake, struct fake_task task,
			 struct cause cause, const uint64_t *chain,
			 size_t count, uint64_t reg)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_SAMPLE,
		    reg ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL);
	draft_add(&draft, cause.id);
	draft_add(&draft, reg);
	draft_add_pair(&draft, task.pid, task.tid);
	draft_add(&draft, task.time_ns);
	draft_add_pair(&draft, fake->perf.cpu, 0);
	draft_add(&draft, cause.period);
	draft_add(&draft, count);
	for (size_t i = 0; i < count; i++)
		draft_add(&draft, chain[i]);
	add_registers(&draft, reg);
	draft_add(&draft, reg ? FAKE_STACK_BYTES : 0);
	for (int i = 0; reg && i <= FAKE_STACK_BYTES / 8; i++)
		draft_add(&draft,
			  i < FAKE_STACK_BYTES / 8 ? 0 : FAKE_STACK_BYTES);
	finish(fake, &draft);
}

void fake_sample(struct fake_cpu *fake, struct fake_task task, uint64_t reg)
{
	write_sample(fake, task, timer, NULL, 0, reg);
}

void fake_other_sample(struct fake_cpu *fake, struct fake_task task,
		       uint64_t reg, uint64_t period)
{
	struct cause cause = { FAKE_OTHER_ID, period };

	write_sample(fake, task, cause, NULL, 0, reg);
}

void fake_sample_with_chain(struct fake_cpu *fake, struct fake_task task,
			    const uint64_t *chain, size_t count)
{
	write_sample(fake, task, timer, chain, count, 0);
}

void fake_proof(struct fake_cpu *fake, struct fake_task task, uint64_t reg)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
	draft_add(&draft, FAKE_PROOF_ID);
	draft_add_pair(&draft, task.pid, task.tid);
	draft_add(&draft, task.time_ns);
	draft_add_pair(&draft, fake->perf.cpu, 0);
	add_registers(&draft, reg);
	finish(fake, &draft);
}

void fake_switch(struct fake_cpu *fake, struct fake_task task, bool out)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_SWITCH,
		    out ? PERF_RECORD_MISC_SWITCH_OUT : 0);
	finish_with_trailer(fake, &draft, task);
}

// Raw bytes follow their size, which fills a word up: 4 + 28 bytes.
void fake_waking(struct fake_cpu *fake, struct fake_task task, uint32_t woken)
{
	uint32_t raw[8] = { sizeof(raw) - sizeof(raw[0]) };
	struct draft draft;

	raw[1 + FAKE_WOKEN_OFFSET / sizeof(raw[0])] = woken;
	draft_begin(&draft, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
	draft_add(&draft, FAKE_WAKING_ID);
	draft_add_pair(&draft, task.pid, task.tid);
	draft_add(&draft, task.time_ns);
	draft_add_pair(&draft, fake->perf.cpu, 0);
	for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i += 2)
		draft_add_pair(&draft, raw[i], raw[i + 1]);
	finish(fake, &draft);
}

void fake_throttle(struct fake_cpu *fake, struct fake_task task)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_THROTTLE, 0);
	draft_add(&draft, task.time_ns);
	draft_add(&draft, FAKE_TIMER_ID);
	draft_add(&draft, FAKE_TIMER_ID);
	finish_with_trailer(fake, &draft, task);
}

static void write_task(struct fake_cpu *fake, uint32_t type,
		       struct fake_task maker, struct fake_task task)
{
	struct draft draft;

	draft_begin(&draft, type, 0);
	draft_add_pair(&draft, task.pid, maker.pid);
	draft_add_pair(&draft, task.tid, maker.tid);
	draft_add(&draft, task.time_ns);
	maker.time_ns = task.time_ns;
	finish_with_trailer(fake, &draft, maker);
}

void fake_fork(struct fake_cpu *fake, struct fake_task maker,
	       struct fake_task task)
{
	write_task(fake, PERF_RECORD_FORK, maker, task);
}

void fake_exit(struct fake_cpu *fake, struct fake_task task)
{
	write_task(fake, PERF_RECORD_EXIT, (struct fake_task){ .pid = 1 },
		   task);
}

void fake_comm(struct fake_cpu *fake, struct fake_task task, const char *name,
	       bool exec)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_COMM,
		    exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	draft_add_pair(&draft, task.pid, task.tid);
	draft_add_text(&draft, name);
	finish_with_trailer(fake, &draft, task);
}

void fake_mapping(struct fake_cpu *fake, struct fake_task task, uint64_t start,
		  uint64_t size, const char *path)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_MMAP2, 0);
	draft_add_pair(&draft, task.pid, task.tid);
	draft_add(&draft, start);
	draft_add(&draft, size);
	draft_add(&draft, 0);
	draft_add_pair(&draft, 8, 1);
	draft_add(&draft, 4711);
	draft_add(&draft, 0);
	draft_add_pair(&draft, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	draft_add_text(&draft, path);
	finish_with_trailer(fake, &draft, task);
}

void fake_lost(struct fake_cpu *fake, struct fake_task task, uint64_t count)
{
	struct draft draft;

	draft_begin(&draft, PERF_RECORD_LOST, 0);
	draft_add(&draft, FAKE_TIMER_ID);
	draft_add(&draft, count);
	finish_with_trailer(fake, &draft, task);
}
