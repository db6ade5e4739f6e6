/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets work out of a read that never ends. Whoever reads the memory of a process
 * may be held by it for ever, and no signal helps (capture_watch.h). A capture
 * thread is given up then; but the worker and the keeper have no successor that
 * could go on in their place.
 *
 * So such work runs in a thread of its own, on a lifeline. When a read hangs the
 * thread is left in it, that memory is never read again, and another thread
 * begins the work anew. Work that can be begun anew is a loop over what is kept
 * elsewhere: it holds no lock while it reads, and changes what a reader is about
 * to decide on only after the read. The sample or record it was at comes again;
 * what it had allocated is lost.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_LIFELINE_H
#define BRINDLE_DAEMON_CAPTURE_LIFELINE_H

#include "base/error.h"
#include "unwind/guarded_memory.h"
#include "unwind/live_memory.h"

/* With so many threads hanging nothing is read any more until one wakes. */
enum { LIFELINE_HUNG_MAX = 8 };

struct lifeline;

/** Memory that is read by work on a lifeline. */
struct lifeline_memory {
	struct lifeline *lifeline; /* borrowed; NULL: reads may hang */
	pid_t pid;
	struct guarded_memory guarded;
};

struct error *lifeline_create(struct lifeline **ret);

/** Not while work runs. Threads that hang are left to themselves. */
void lifeline_destroy(struct lifeline *lifeline);

/** The memory of process @pid hung a reader; nobody works meanwhile. */
typedef void (*lifeline_hung_fn)(void *context, pid_t pid);

/** Returns when @work has. Where no thread can be had the caller works. */
void lifeline_run(struct lifeline *lifeline, void (*work)(void *context),
		  lifeline_hung_fn hung, void *context);

/** A reader over @memory, which stays where it is. For work on its lifeline;
 *  while none runs it reads as pread(2) does, around the guarded ranges. */
struct live_memory lifeline_memory_reader(struct lifeline_memory *memory);

#endif
