/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of event asks the kernel for, in one place: struct
 * perf_event_attr for the timer, its proof, the alerts and the rings' anchors.
 * All of them share the clock and the identifying fields, so that their records
 * can be read, and ordered, without knowing which event wrote them.
 */
#ifndef BRINDLE_DAEMON_PERF_PERF_ATTR_H
#define BRINDLE_DAEMON_PERF_PERF_ATTR_H

#include "daemon/perf/perf_event.h"

/** Whom an event is for: a thread and what it spawns, or everyone on a CPU. */
struct perf_target {
	pid_t tid; /* PERF_TARGET_ALL: everyone */
	bool enable_on_exec;
};

enum { PERF_TARGET_SELF = 0, PERF_TARGET_ALL = -1 };

/** Samples of the event @index of the options. */
struct perf_event_attr perf_attr_sample(const struct perf_options *options,
					size_t index,
					const struct perf_target *target);

/** Mappings, forks and execs, and @switches, of what is sampled. */
struct perf_event_attr perf_attr_sideband(const struct perf_options *options,
					  const struct perf_target *target,
					  bool switches);

/** PERF_RECORD_SWITCH and nothing else. */
struct perf_event_attr perf_attr_switches(const struct perf_options *options,
					  const struct perf_target *target);

/** Threads that run for the first time since they were moved to this CPU. */
struct perf_event_attr perf_attr_moves(const struct perf_options *options,
				       const struct perf_target *target);

/** How often event @choice is to be sampled. */
unsigned int perf_attr_frequency(const struct perf_options *options,
				 const struct perf_event_choice *choice);

/** Every switch-out with the user registers of the thread that goes. */
struct perf_event_attr
perf_attr_switch_software(const struct perf_options *options,
			  const struct perf_target *target);

/** The same, at the tracepoint; to be filtered by the incoming thread. */
struct perf_event_attr
perf_attr_switch_tracepoint(const struct perf_options *options);

/** Every wake-up, in the context of who wakes; with the tracepoint's fields. */
struct perf_event_attr perf_attr_waking(const struct perf_options *options,
					const struct perf_target *target);

/** Mappings, forks and execs, each waking the reader. */
struct perf_event_attr perf_attr_alerts(const struct perf_options *options,
					const struct perf_target *target);

/** An event that never counts and only carries a ring; @wake_each: the ring
 *  wakes its reader at each record, else when half full or when a timer says. */
struct perf_event_attr perf_attr_anchor(const struct perf_options *options,
					bool wake_each);

/** The least a sampling event can ask: what probes are made of. */
struct perf_event_attr perf_attr_probe(uint32_t type, uint64_t config);

/** True when the kernel takes the event; it is closed again. */
bool perf_attr_works(const struct opener *opener,
		     const struct perf_event_attr *attr, pid_t tid, int cpu);

/** Says why the kernel refused, and what would help. */
struct error *perf_attr_error(int errnum, const struct perf_features *features);

#endif
