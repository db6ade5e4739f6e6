/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof, per sample: did the sampled thread stand still from the sampled
 * instruction until its interpreter had been read? Yes, if
 *
 *  (a) the first switch to the capture thread after the sample, or to what goes
 *      before it, was from the sampled thread, with registers identical to the
 *      sample's. Before a real-time thread goes the kernel's stopper
 *      ("migration/0"): it moves threads between CPUs, and looks every four
 *      seconds whether one is stuck (kernel/stop_machine.c, kernel/watchdog.c,
 *      Linux 6.18). For a sample inside a system call the call's result may be
 *      there since: a kernel that is not preemptible lets us in on the way out
 *      of the call, before any user instruction. And a signal may have been
 *      delivered meanwhile: then the thread stands at its handler's first
 *      instruction, and the sample's registers are what the kernel saved
 *      (signal_entry.h).
 *      A loop comes by the same registers again and again. A real-time reader
 *      leaves it no time to; any other has to have come so soon that it was the
 *      sample's own interrupt that let it in (switch_most_ns);
 *  (b) the capture thread was not itself switched out until its reads ended;
 *  (c) no CPU switched the sampled thread in between the sample and that end.
 *      On its own CPU it cannot have run, for there the capture thread was; on
 *      another one it runs only after it was moved there. So a record of each
 *      thread that runs for the first time on another CPU will do, and most
 *      switches of the host need none (by_moves). Then there has to be but
 *      one switch to the capture thread: nothing else tells that it was there
 *      all the time.
 *
 * Then not one user instruction of the thread ran in between, and what was read
 * is what was there. Evidence comes with later records of the merged stream;
 * a sample waits until the stream has passed the end of its reads.
 *
 * Used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_PROOF_H
#define BRINDLE_DAEMON_CAPTURE_PROOF_H

#include "daemon/perf/perf_event.h"
#include "daemon/perf/perf_record.h"

/** Why a sample is not proven. Stored by name; see proof_reason_name(). */
enum proof_reason {
	PROOF_HOLDS,
	PROOF_NOT_PERMITTED,	 /* no switch records with registers */
	PROOF_RECORDS_LOST,	 /* evidence may be missing */
	PROOF_SWITCHES_OFF,	 /* it was not recorded, to save cost */
	PROOF_NO_SWITCH,	 /* (a) none was recorded after the sample */
	PROOF_OTHER_THREAD,	 /* (a) somebody else was switched out */
	PROOF_REGISTERS,	 /* (a) user code ran before the switch */
	PROOF_LATE_SWITCH,	 /* (a) it may have, to the same registers */
	PROOF_READER_INTERRUPTED,/* (b) */
	PROOF_RAN_BEFORE_READ,	 /* (c) */
	PROOF_NOT_CAPTURED,	 /* the process was not known to be Python yet */
	PROOF_QUEUE_FULL,	 /* the capture had no room in the queue */
	PROOF_CAPTURE_STUCK,	 /* reading it hung */
	PROOF_MAY_HANG,		 /* memory of a file that may never come */
	PROOF_BANNED,		 /* reading the process has hung once */
	PROOF_DENIED,		 /* the process may not be read */
	PROOF_NO_RUNTIME,	 /* the interpreter was not initialised */
	PROOF_NO_THREAD,	 /* the thread has no state */
	PROOF_SEARCH_CUT,	 /* it may have one that was not met */
	PROOF_STALE_THREAD,	 /* it may be that of an earlier thread */
	PROOF_UNREADABLE,	 /* memory was gone */
	PROOF_TOO_DEEP,		 /* more stack than the limit */
	PROOF_OVER_LIMIT,	 /* more stack than its share of the queue */
	PROOF_BROKEN,		 /* the interpreter's data make no sense */
	PROOF_CONTRADICTION,	 /* Python and native stack disagree */
	PROOF_WALK_INCOMPLETE,	 /* the native walk ended before Python began */
	PROOF_CODE_GONE,	 /* a code object could not be checked */
	PROOF_UNSUPPORTED,	 /* a CPython version without layout */
	PROOF_FILES_UNKNOWN,	 /* nobody knows whether it runs a CPython */
	PROOF_REASON_COUNT,
};

enum { PROOF_REGS_MAX = 40, PROOF_WAITING_MAX = 4096, PROOF_WINDOWS = 64 };

/** For a reader without real-time priority: when its wake-up takes the CPU, 99
 * of 100 switches come in less; when a tick does, after a millisecond or more. */
#define PROOF_SWITCH_MOST_NS (100 * 1000)

/** One sample's evidence, as far as it has come in. */
struct proof {
	uint64_t sample_ns, end_ns;
	uint64_t switch_ns; /* (a) when it was, if @switch_seen */
	uint32_t tid, cpu;
	uint32_t reader_switches; /* (b) as the capture thread counted them */
	bool switch_seen, switch_same_thread, switch_same_regs;
	/* (b) failed: the capture thread was switched to again. With records
	 * of all switches the stopper may have been before it. */
	bool switched_again;
	bool ran;	     /* (c) failed */
	bool in_kernel; /* the sample was taken in kernel code */
	bool off_cpu;	/* taken as the thread left its CPU: (c) is all */
	uint64_t regs[PROOF_REGS_MAX];
	void *sample; /* whatever it is the proof of */
};

/** From the time when every CPU recorded switches until one stopped to. */
struct proof_window {
	uint64_t from_ns, until_ns; /* UINT64_MAX: still does */
};

/** The samples whose evidence is not complete yet. */
struct proof_book {
	const struct arch *arch;
	enum switch_proof switch_proof;
	bool by_moves; /* (c) by records of moves, not of switches */
	/* From the sample to the switch, at most; 0: readers are real-time. */
	uint64_t switch_most_ns;
	struct proof *waiting; /* owned; PROOF_WAITING_MAX */
	size_t count;
	/* When switches were being recorded, in rotation. */
	struct proof_window windows[PROOF_WINDOWS];
	unsigned int window_count;
	/* Until then evidence may have been lost: samples before it that have
	 * not been settled yet are not proven. */
	uint64_t doubt_until_ns;
};

struct error *proof_book_init(struct proof_book *book, const struct arch *arch);
void proof_book_deinit(struct proof_book *book);

/** Where a sample is taken. */
enum proof_place {
	PROOF_ANYWHERE,	 /* the record says whether in the kernel */
	PROOF_IN_KERNEL, /* whatever it says: at a tracepoint */
	PROOF_OFF_CPU,	 /* as its thread was switched out */
};

/** A captured sample begins to wait. NULL: too many are waiting. */
struct proof *proof_book_add(struct proof_book *book,
			     const struct perf_record *record, uint64_t end_ns,
			     uint32_t reader_switches, enum proof_place place,
			     void *sample);

/** Before the first record: every CPU records since @from_ns, and not since
 *  ever. */
void proof_book_begin(struct proof_book *book, uint64_t from_ns);
/** Switches are recorded by every CPU since @from_ns; at first, since ever. */
void proof_book_switches_on(struct proof_book *book, uint64_t from_ns);
/** And until @until_ns. */
void proof_book_switches_off(struct proof_book *book, uint64_t until_ns);

/** Takes a proof record or a switch record. */
void proof_book_evidence(struct proof_book *book,
			 const struct perf_record *record,
			 enum perf_record_kind kind);

/** Hands each complete proof to @done: the stream has reached @until_ns. */
typedef void (*proof_done_fn)(void *context, const struct proof *proof,
			      enum proof_reason reason);
void proof_book_settle(struct proof_book *book, uint64_t until_ns,
		       proof_done_fn done, void *context);

const char *proof_reason_name(enum proof_reason reason);
/** One sentence for people. */
const char *proof_reason_text(enum proof_reason reason);

#endif
