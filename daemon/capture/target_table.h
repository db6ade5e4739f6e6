/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes whose interpreter can be read, by pid. Capture threads look
 * them up without locks and hold at most one at a time (a hazard pointer each);
 * slow threads publish and retire them. A retired target stays readable for a
 * while, for captures that are still under way to the worker, and is destroyed
 * only when no capture thread holds it.
 *
 * A target's epoch identifies it for ever: pid reuse and exec make new ones.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_TARGET_TABLE_H
#define BRINDLE_DAEMON_CAPTURE_TARGET_TABLE_H

#include "base/error.h"
#include "daemon/capture/target_ban.h"
#include "unwind/python/target.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	TARGET_SLOTS = 8192,   /* power of two; more processes are not read */
	TARGET_PROBES = 16,    /* slots a pid may stand in */
	TARGET_HOLDERS = 1024, /* capture threads */
};

struct target {
	pid_t pid;
	uint64_t epoch;	   /* unique in this recording, never 0 */
	uint64_t since_ns; /* time of the record that made it known */
	int memory_fd;	   /* owned; of /proc/PID/mem */
	struct python_target *python; /* owned */
	/* Atomic, of capture threads; see deep_rest.h. */
	uint64_t rest_until_ns;
	uint64_t retired_ns;	      /* 0 while published */
	struct target *next_retired;
};

struct target_table {
	struct target *slot[TARGET_SLOTS];   /* atomic */
	struct target *held[TARGET_HOLDERS]; /* atomic; by capture threads */
	pthread_mutex_t lock; /* slow threads only */
	struct target *retired;
	uint64_t last_epoch;
	struct target_bans bans;
	struct target_bans denied; /* whose memory may not be opened */
	struct target_users users; /* whose processes hang their readers */
	bool closed; /* nobody new is published */
	bool off;    /* atomic; capture threads find nobody */
};

struct error *target_table_create(struct target_table **ret);
void target_table_destroy(struct target_table *table);

/** Capture thread @holder: the target of @pid or NULL; held until released. */
struct target *target_table_hold(struct target_table *table,
				 unsigned int holder, pid_t pid);
void target_table_release(struct target_table *table, unsigned int holder);

/**
 * Makes @python readable under @pid, replacing what was there. Takes over
 * @python and @memory_fd, also on failure.
 */
struct error *target_table_publish(struct target_table *table, pid_t pid,
				   uint64_t since_ns, int memory_fd,
				   struct python_target *python);
void target_table_retire(struct target_table *table, pid_t pid,
			 uint64_t now_ns);

/** Retires the target of @pid, whose memory hangs, and publishes none for it
 *  until it is allowed again: it has another memory, or has ended. Of a user who
 *  does so again, all targets. */
void target_table_ban(struct target_table *table, pid_t pid, uint64_t now_ns);
void target_table_allow(struct target_table *table, pid_t pid);
bool target_table_is_banned(struct target_table *table, pid_t pid);

/** Keeps in mind that @pid may not be read, until it is published or allowed. */
void target_table_deny(struct target_table *table, pid_t pid);
bool target_table_is_denied(struct target_table *table, pid_t pid);

/** @closed: refuse whoever is not published yet. @off: let nobody be read. */
void target_table_restrict(struct target_table *table, bool closed, bool off);

/** Retires, of @count slots from @first on, each target of which @gone says so;
 *  one thread calls it. */
void target_table_retire_gone(struct target_table *table, size_t first,
			      size_t count,
			      bool (*gone)(void *context,
					   const struct target *target),
			      void *context, uint64_t now_ns);

/**
 * Slow threads: by epoch, published or retired; NULL when long gone. Valid
 * until target_table_collect(), which one thread calls: the worker.
 */
struct target *target_table_by_epoch(struct target_table *table, pid_t pid,
				     uint64_t epoch);
/** The published target of @pid, for slow threads, or NULL. */
struct target *target_table_find(struct target_table *table, pid_t pid);

/** Destroys targets retired before @before_ns that nobody holds. */
void target_table_collect(struct target_table *table, uint64_t before_ns);

#endif
