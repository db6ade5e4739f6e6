/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that takes longer than a loop over connections may: a job waits in a
 * short queue, one of a few workers does it with a profile connection of its
 * own, and the loop takes it back. When the queue is full there is no use in
 * waiting: who asks is told to come back.
 */
#ifndef BRINDLE_WEB_SERVER_JOB_H
#define BRINDLE_WEB_SERVER_JOB_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct profile;
struct job;

/* What a worker has. Its own thread's alone. */
struct job_worker {
	const char *database;	 /* path; borrowed */
	struct profile *profile; /* owned; NULL: not open */
	uint64_t device, inode;	 /* of the file that is open */
	struct job *job;	 /* that it does */
};

/* The first member of what is to be done. */
struct job {
	void (*run)(struct job *job, struct job_worker *worker);
	struct job *next;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; queries end with it */
	unsigned int unwanted; /* atomic; nobody waits for it any more */
};

struct job_pool;

enum { JOB_WORKERS = 2, JOB_QUEUE_MAX = 16 };

struct error *job_pool_create(const char *database, struct job_pool **ret);
typedef void (*job_drop_fn)(struct job *job);
/** Ends what runs as soon as it can be; @drop_job destroys what was not taken
 *  back. */
void job_pool_destroy(struct job_pool *pool, job_drop_fn drop_job);

/** False: the queue is full. */
bool job_submit(struct job_pool *pool, struct job *job);
/** One that is done; NULL: none. */
struct job *job_take_done(struct job_pool *pool);
/** For poll(): readable when one is done. */
int job_pool_fd(const struct job_pool *pool);

/**
 * The worker's connection to the database as it is now: opened again when the
 * file was replaced. Queries of it end when the job is unwanted or late.
 */
struct error *job_worker_profile(struct job_worker *worker,
				 struct profile **ret);

#endif
