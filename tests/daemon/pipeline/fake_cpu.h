/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU whose ring is ordinary memory: tests write the records that the kernel
 * would. Nothing is scanned before fake_scan(), which stands for the capture
 * thread.
 */
#ifndef BRINDLE_TESTS_DAEMON_PIPELINE_FAKE_CPU_H
#define BRINDLE_TESTS_DAEMON_PIPELINE_FAKE_CPU_H

#include "daemon/capture/capture.h"
#include "daemon/perf/perf_ring.h"

/** The ids of its events: the second of those that sample is FAKE_OTHER_ID. */
enum {
	FAKE_TIMER_ID = 7,
	FAKE_PROOF_ID = 9,
	FAKE_OTHER_ID = 11,
	FAKE_WAKING_ID = 13,
	FAKE_IDS = 4,
	FAKE_WOKEN_OFFSET = 24, /* where it tells who is woken */
	FAKE_STACK_BYTES = 64,
};

struct fake_cpu {
	struct perf_cpu perf;
	struct perf_ring ring;
	struct perf_event_mmap_page page;
	uint8_t *data; /* owned */
	uint64_t ids[FAKE_IDS];
	uint8_t sources[FAKE_IDS];
	uint8_t events[FAKE_IDS];
	struct capture_thread capture;
};

/** Whom a record is about, and when. */
struct fake_task {
	uint32_t pid, tid;
	uint64_t time_ns;
};

/** @ring_bytes: a power of two. */
void fake_cpu_init(struct fake_cpu *fake, unsigned int cpu, size_t ring_bytes);
void fake_cpu_deinit(struct fake_cpu *fake);
void fake_scan(struct fake_cpu *fake);

/** A record of any bytes, as it is; the ring does not look whether it fits. */
void fake_write(struct fake_cpu *fake, const void *bytes, size_t size);

/** A sample; all registers are @reg, 0: a kernel thread, which has none. */
void fake_sample(struct fake_cpu *fake, struct fake_task task, uint64_t reg);
/** The same, of the other event. */
void fake_other_sample(struct fake_cpu *fake, struct fake_task task,
		       uint64_t reg, uint64_t period);
void fake_sample_with_chain(struct fake_cpu *fake, struct fake_task task,
			    const uint64_t *chain, size_t count);
void fake_proof(struct fake_cpu *fake, struct fake_task task, uint64_t reg);
void fake_switch(struct fake_cpu *fake, struct fake_task task, bool out);
/** @task wakes thread @woken. */
void fake_waking(struct fake_cpu *fake, struct fake_task task, uint32_t woken);
void fake_throttle(struct fake_cpu *fake, struct fake_task task);
void fake_fork(struct fake_cpu *fake, struct fake_task maker,
	       struct fake_task task);
void fake_exit(struct fake_cpu *fake, struct fake_task task);
void fake_comm(struct fake_cpu *fake, struct fake_task task, const char *name,
	       bool exec);
void fake_mapping(struct fake_cpu *fake, struct fake_task task, uint64_t start,
		  uint64_t size, const char *path);
void fake_lost(struct fake_cpu *fake, struct fake_task task, uint64_t count);

#endif
