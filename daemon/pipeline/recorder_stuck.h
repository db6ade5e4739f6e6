/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture threads that hang in a read of a target: noticed, given up, replaced
 * by a new one, and freed when they wake after all. The target is not read
 * again. Hanging is rare or an attack, so that it is rationed: with a few hung
 * threads at a time, or too many of late, no new process is read; with still
 * more none is, until they wake.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_STUCK_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_STUCK_H

#include <stdbool.h>
#include <stdint.h>

struct capture_thread;
struct perf_cpu;
struct recorder;

enum {
	STUCK_AT_A_TIME = 4,
	STUCK_OF_LATE = 8, /* within STUCK_MEMORY_S */
	STUCK_MEMORY_S = 3600,
};

/** At each tick. */
void recorder_replace_stuck(struct recorder *recorder, uint64_t now_ns);

/** At the end, for each that was stopped: frees it, or keeps it if it hangs. */
void recorder_keep_stuck(struct recorder *recorder,
			 struct capture_thread *capture);
void recorder_free_stuck(struct recorder *recorder);

/**
 * Runs @work(@context), which makes the recorder's ticks and finishes it, on a
 * lifeline (lifeline.h): when the memory of a process hangs it, it is begun anew.
 * Ticks made elsewhere are as good, but may hang.
 */
void recorder_work(struct recorder *recorder, void (*work)(void *context),
		   void *context);

/** Whether somebody hangs who may still look into the ring of @cpu. */
bool recorder_has_stuck(const struct recorder *recorder,
			const struct perf_cpu *cpu);

#endif
