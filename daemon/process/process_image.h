/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mapped into a process, as far as anybody has asked. Records of new
 * mappings are only noted; the files are looked up, and /proc/PID/maps of one
 * that ran before is read, when a sample needs to know. A program that comes
 * and goes between two samples so costs a few words of memory.
 *
 * A fork shares its parent's image until one of the two changes.
 * Owned by processes, counted; used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PROCESS_PROCESS_IMAGE_H
#define BRINDLE_DAEMON_PROCESS_PROCESS_IMAGE_H

#include "daemon/perf/perf_record.h"
#include "daemon/process/opener.h"
#include "unwind/module_cache.h"
#include "unwind/space.h"

enum {
	PROCESS_IMAGE_NOTED_MAX = 256, /* then they are looked up */
	/* More than a process may have (vm.max_map_count): some must be gone,
	 * which no record tells, and it is read from /proc again. */
	PROCESS_IMAGE_MAPPINGS_MAX = 1 << 17,
};

/**
 * How often mappings come, by the time of the records. Who makes them faster
 * than any loader or compiler does, and so would keep the worker from everyone
 * else, has them read from /proc when a sample asks, and not for long.
 */
struct process_image_crowd {
	uint64_t since_ns; /* of this tenth of a second */
	unsigned int count;
	bool over;	    /* too many in it, or since it was last read */
	uint64_t reread_ns; /* CLOCK_MONOTONIC: not to be read before */
};

/** When what could not be found out is looked up again. */
struct process_image_doubt {
	bool wanted;	    /* somebody needs to know */
	unsigned int tries; /* so far */
	uint64_t next_ns;   /* CLOCK_MONOTONIC */
	uint64_t looked_ns; /* then, when it last was; 0: never */
};

struct noted_mapping;

struct process_image {
	unsigned int references;
	struct space space;	   /* what has been looked up */
	struct noted_mapping *noted; /* owned; later ones, oldest first */
	struct noted_mapping **noted_end;
	unsigned int noted_count;
	struct process_image_crowd crowd;
	struct process_image_doubt doubt;
	bool unknown;	  /* something else may be mapped that nobody has told */
	bool unread;	  /* /proc/PID/maps is to be read, before the noted */
	bool executed;	  /* made by an exec: the first file is the program */
	char *executable; /* owned; its path, or NULL: not known */
};

/** Where to look things up, and for whom. All borrowed. */
struct process_image_source {
	const struct opener *opener;
	struct module_cache *modules;
	pid_t pid;
	pid_t tid; /* of the process: its main thread may have ended; or 0 */
};

/** An empty one. @generation: of its space, see struct space. NULL: no memory.*/
struct process_image *process_image_create(uint64_t generation);
struct process_image *process_image_ref(struct process_image *image);
void process_image_unref(struct process_image *image);

/** A copy of @image. NULL without memory. */
struct process_image *process_image_copy(const struct process_image *image,
					 uint64_t generation);

/** Notes a mapping; not of one that is shared. False without memory. */
bool process_image_note(struct process_image *image,
			const struct perf_mapping_fields *mapping);

/** One more mapping is told at @time_ns. True: they are too many to be noted, and
 *  are going to be read. Not of an image that is shared. */
bool process_image_crowds(struct process_image *image, uint64_t time_ns);

/**
 * Whether every file that was mapped at @time_ns is known, and whether it is a
 * CPython. If not, that is looked up again before long, and time and again. What
 * was found then says nothing of the time before: it may be another program's.
 */
bool process_image_is_known(struct process_image *image, uint64_t time_ns);

/** Has it looked up again. */
void process_image_doubt(struct process_image *image);

/** Whether it is time for that: process_image_resolve() would. */
bool process_image_is_due(const struct process_image *image);

/** Has everything looked up. What cannot be found out stays as it was, and that
 *  it may not be so any more is remembered. */
void process_image_resolve(struct process_image *image,
			   const struct process_image_source *source);

#endif
