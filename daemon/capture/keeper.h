/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper makes interpreters readable before their first sample: a thread
 * at normal priority that is woken by every new executable mapping, fork and
 * exec of what is profiled, finds out whether it is a CPython, and publishes
 * it for the capture threads. What it knows of a file it keeps by device and
 * inode, so that the thousandth python costs one look-up.
 *
 * It reads rings of its own; losing a record there delays nothing else, since
 * a process that was missed is looked at when its first sample shows it, and
 * one that is gone is noticed in a while.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_KEEPER_H
#define BRINDLE_DAEMON_CAPTURE_KEEPER_H

#include "base/error.h"
#include "daemon/perf/perf_event.h"
#include "daemon/process/opener.h"
#include "daemon/capture/target_table.h"

struct keeper;

/** @opener and @targets are borrowed. */
struct error *keeper_create(const struct arch *arch,
			    const struct opener *opener,
			    struct target_table *targets, struct keeper **ret);
void keeper_destroy(struct keeper *keeper);

/** Publishes process @pid if it runs a supported CPython now. */
void keeper_look_at(struct keeper *keeper, pid_t pid);

/** Before keeper_start(): have @pids, which it takes over, looked at as soon as
 *  there is time, the last first. */
void keeper_look_later(struct keeper *keeper, pid_t *pids, size_t count);

/**
 * Another thread: have process @pid looked at soon. It may come to nothing:
 * few can be waiting at a time.
 */
void keeper_ask(struct keeper *keeper, pid_t pid);

/** Any thread: the process whose memory hung the keeper since the last call, and
 *  is not read again; 0: none. */
pid_t keeper_take_hung(struct keeper *keeper);

/** Starts watching the alert rings of @cpus (borrowed). */
struct error *keeper_start(struct keeper *keeper, struct perf_cpu *cpus,
			   size_t cpu_count);
void keeper_stop(struct keeper *keeper);

#endif
