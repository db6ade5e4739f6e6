/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening perf events: which events stand on each CPU, with which attributes,
 * and what to do when the host refuses. Everything of one CPU goes into that
 * CPU's ring, so that the records of a sample and of its proof are neighbours.
 *
 * On each CPU: the sample timer, and other events that sample (registers, stack
 * copy, kernel chain); the switch record that shows who was switched out for
 * our capture thread (see struct perf_features.switch_proof); who was moved to
 * another CPU, or, where that is not enough, PERF_RECORD_SWITCH for all that is
 * profiled; who wakes whom, when off-CPU time is sampled; mappings and forks;
 * and those a second time in a ring of its own that wakes the keeper. An event
 * that samples carries nothing else, so that what the kernel lost of it is
 * samples.
 *
 * Authority: perf_event_open(2) and kernel/events/core.c, Linux 6.1 to 6.18.
 */
#ifndef BRINDLE_DAEMON_PERF_PERF_EVENT_H
#define BRINDLE_DAEMON_PERF_PERF_EVENT_H

#include "base/error.h"
#include "daemon/perf/perf_choice.h"
#include "daemon/perf/perf_record.h"
#include "daemon/perf/tracepoint.h"
#include "daemon/process/opener.h"
#include "unwind/arch.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** What kind of record an event id stands for. */
enum perf_source {
	PERF_SOURCE_TIMER,  /* a sample, of the timer or of another event */
	PERF_SOURCE_PROOF,  /* a switch with user registers */
	PERF_SOURCE_SIDEBAND, /* mappings, forks: no samples */
	PERF_SOURCE_SWITCHES, /* PERF_RECORD_SWITCH: no samples */
	PERF_SOURCE_MOVES, /* who runs for the first time on another CPU */
	PERF_SOURCE_WAKING, /* who wakes whom */
	PERF_SOURCE_ALERTS, /* a copy of side-band records, for the keeper */
};

/** How proof (a) gets its registers. */
enum switch_proof {
	SWITCH_PROOF_TRACEPOINT, /* sched_switch, filtered by the kernel */
	SWITCH_PROOF_SOFTWARE,	 /* every context switch of what is profiled */
	SWITCH_PROOF_NONE,	 /* not permitted: samples stay unproven */
};

/** What this host and user can do; probed once at start. */
struct perf_features {
	const struct opener *opener; /* borrowed; opens the events, too */
	int paranoid;		     /* kernel.perf_event_paranoid */
	bool kernel_allowed;	     /* kernel chains and kernel samples */
	bool system_wide_allowed;
	enum switch_proof switch_proof;
	uint64_t sched_switch_id;    /* tracepoint id; 0: not available */
	struct tracepoint sched_waking; /* with its pid; id 0: the same */
	bool build_id;		     /* MMAP2 records can carry build-ids */
	bool lost_count;	     /* PERF_FORMAT_LOST */
	bool hardware;		     /* a PMU counts cycles */
	unsigned int max_rate_hz;    /* kernel.perf_event_max_sample_rate */
};

struct error *perf_features_probe(const struct opener *opener,
				  struct perf_features *ret);

struct perf_options {
	const struct arch *arch;
	const struct perf_features *features;
	struct perf_choices events;
	unsigned int frequency_hz; /* of events that have none of their own */
	unsigned int stack_bytes; /* multiple of 8, at most 65,528 */
	bool user_only;		  /* exclude the kernel: not permitted */
	bool build_id;		  /* in mappings, in place of dev and inode */
	enum switch_proof switch_proof;
	/* Proof (c) by moves between CPUs: on the whole host, with the
	 * tracepoint, and without off-CPU samples, which need switches. */
	bool by_moves;
	size_t ring_bytes;	  /* power of two */
};

/** Whether off-CPU time is among the events. */
bool perf_samples_waits(const struct perf_options *options);

/** What to attach to. */
struct perf_scope {
	bool system_wide;
	const pid_t *tids; /* threads to attach to; inherited from there on */
	size_t tid_count;
	bool enable_on_exec;
};

struct perf_ring;
struct late_close;

enum { PERF_ALIASES = 64 }; /* more than are opened before rings are read */

/** The id of an event that was closed, and opened again in the same place. */
struct perf_alias {
	uint64_t id; /* 0: none */
	size_t index;
};

/** What the kernel could not write, by its own count (PERF_FORMAT_LOST). */
struct perf_lost {
	uint64_t samples; /* of timers and other events */
	uint64_t records; /* everything else, but for copies */
};

/**
 * The events of one CPU. Each ring belongs to an idle event on the opening
 * thread, its anchor: it outlives every thread that is profiled, so that
 * poll() on ring->fd does not report a hang-up when the first of them exits.
 */
struct perf_cpu {
	const struct opener *opener; /* borrowed */
	unsigned int cpu;
	struct perf_ring *ring;	  /* owned; samples, proof, switches, side-band */
	struct perf_ring *alerts; /* owned; mappings, forks, execs: the keeper's */
	int *fds;		  /* owned; -1: closed for now */
	uint64_t *ids;		  /* of each fd, from PERF_EVENT_IOC_ID; sorted */
	uint8_t *sources;	  /* enum perf_source of each */
	uint8_t *events;	  /* of samples: index into the choices */
	size_t fd_count, fd_capacity;
	struct perf_alias aliases[PERF_ALIASES]; /* in rotation */
	unsigned int alias_count;
	pid_t capture_tid; /* as perf_cpu_open_proof() was told */
	bool proof_filtered; /* by tracepoint: to switches to that thread */
	struct late_close *closer; /* borrowed; or NULL */
	struct perf_lost closed_lost; /* counted by events closed since */
};

/**
 * Opens, disabled, everything of @cpu but the proof tracepoint. Threads that
 * have exited already are left out, even if none remains.
 */
struct error *perf_cpu_open(unsigned int cpu, const struct perf_options *options,
			    const struct perf_scope *scope,
			    struct perf_cpu *ret);

/** Opens, disabled, the events of more threads, as perf_cpu_open() does. */
struct error *perf_cpu_add(struct perf_cpu *cpu,
			   const struct perf_options *options,
			   const struct perf_scope *scope);

/**
 * Adds the proof tracepoint, which needs the capture thread's tid in its
 * filter. Not an error when not permitted: *ret says what it became.
 */
struct error *perf_cpu_open_proof(struct perf_cpu *cpu,
				  const struct perf_options *options,
				  pid_t capture_tid, enum switch_proof *ret);

/**
 * Attaches, enabled, to one more thread that runs already; ERROR_NOT_FOUND
 * when it has exited. A thread that was attached to twice, or inherited and
 * attached to, is sampled twice, under two event ids.
 */
struct error *perf_cpu_attach(struct perf_cpu *cpu,
			      const struct perf_options *options, pid_t tid);

/** Not for a scope with enable_on_exec: there the exec enables. */
struct error *perf_cpu_enable(struct perf_cpu *cpu);
void perf_cpu_disable(struct perf_cpu *cpu);

/**
 * Samples events without a rate of their own at options.frequency_hz from now
 * on. Not those that a thread inherited: the kernel leaves them alone.
 */
struct error *perf_cpu_set_frequency(struct perf_cpu *cpu,
				     const struct perf_options *options);
/** The same for event @index alone, whether it has a rate of its own or not. */
struct error *perf_cpu_set_event_frequency(struct perf_cpu *cpu,
					   const struct perf_options *options,
					   size_t index);

/**
 * Switches what each context switch of the host pays for on or off: the switch
 * records, the proof tracepoint, off-CPU samples, wake-ups. Timer samples go on.
 * Only for a system-wide scope. False: not all could be switched on, so that
 * switches may go unrecorded. Slow threads: what the capture thread uses stays.
 */
bool perf_cpu_record_switches(struct perf_cpu *cpu,
			      const struct perf_options *options, bool on);

struct perf_lost perf_cpu_lost(const struct perf_cpu *cpu);

/** Counts @count more that an event of @source lost. */
void perf_lost_add(struct perf_lost *lost, enum perf_source source,
		   uint64_t count);

/**
 * After the CPU was offline: closes the events that are gone with it, so that
 * perf_cpu_add() and perf_cpu_open_proof() can open new ones in the same ring.
 * Its records have been consumed. @system_wide: as the scope it was opened for.
 */
void perf_cpu_forget_events(struct perf_cpu *cpu,
			    const struct perf_options *options,
			    bool system_wide);

/** How far a clock of the CPU has counted: it stands still when its events are
 *  gone. False: there is no such event. */
bool perf_cpu_clock(const struct perf_cpu *cpu,
		    const struct perf_options *options, uint64_t *ret);

/** The source of event id @id; PERF_SOURCE_SIDEBAND when not one of ours. No
 *  allocation, no system call: used by the capture thread. */
enum perf_source perf_cpu_source(const struct perf_cpu *cpu, uint64_t id);

/** How to parse a record of PERF_RECORD_* @type, whole and in one piece: by the
 *  source of the event that wrote it. */
enum perf_record_kind perf_cpu_record_kind(const struct perf_cpu *cpu,
					   const void *bytes, uint32_t type);

/** Which of the options' events @id samples; 0 when none. */
unsigned int perf_cpu_event(const struct perf_cpu *cpu, uint64_t id);

void perf_cpu_close(struct perf_cpu *cpu);

#endif
