/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For live tests: the events of every CPU with a reader thread on each that
 * does what a capture thread does, and no more: it is pinned, real-time where
 * allowed, sleeps in poll() and counts what arrived. The rings are large enough
 * to keep everything; the records are looked at when the watch has stopped.
 */
#ifndef BRINDLE_TESTS_DAEMON_PERF_PERF_WATCH_H
#define BRINDLE_TESTS_DAEMON_PERF_PERF_WATCH_H

#include "daemon/perf/perf_event.h"
#include "daemon/perf/perf_record.h"

#include <pthread.h>
#include <semaphore.h>

enum { WATCH_CPUS_MAX = 64 };

struct watch;

struct watch_cpu {
	struct watch *watch;
	struct perf_cpu perf;
	pthread_t thread;
	pid_t tid;
	sem_t ready;
	enum switch_proof proof;
	bool realtime;
	bool started;
};

struct watch {
	struct perf_features features;
	struct perf_options options;
	struct watch_cpu cpus[WATCH_CPUS_MAX];
	unsigned int cpu_count;
	uint64_t samples; /* atomic: timer samples of all CPUs */
	bool stop;	  /* atomic */
};

/** Options as the program uses them, 999 Hz and a small stack. */
struct error *watch_init(struct watch *watch);

/** The same for proofs and other people's processes, or skips the test: all else
 *  an ordinary user may do. */
void watch_init_privileged_or_skip(struct watch *watch);

/** Opens every CPU, starts its reader, opens the proof. Does not enable. */
struct error *watch_open(struct watch *watch, const struct perf_scope *scope);
struct error *watch_enable(struct watch *watch);

/** False when @seconds pass before @samples have arrived. */
bool watch_wait(struct watch *watch, uint64_t samples, unsigned int seconds);

/** Disables and joins the readers; the rings can still be read. */
void watch_stop(struct watch *watch);
void watch_close(struct watch *watch);

typedef void (*watch_record_fn)(const struct watch_cpu *cpu,
				const struct perf_record *record,
				enum perf_record_kind kind, void *context);

/** All records of @ring in order; the number that could not be parsed. */
unsigned int watch_each(const struct watch_cpu *cpu,
			const struct perf_ring *ring, watch_record_fn each,
			void *context);

#endif
