// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/proof.h"

#include "daemon/capture/signal_entry.h"

#include <string.h>

void proof_book_switches_on(struct proof_book *book, uint64_t from_ns)
{
	book->windows[book->window_count++ % PROOF_WINDOWS] =
		(struct proof_window){ from_ns, UINT64_MAX };
}

void proof_book_begin(struct proof_book *book, uint64_t from_ns)
{
	book->windows[0].from_ns = from_ns;
}

void proof_book_switches_off(struct proof_book *book, uint64_t until_ns)
{
	struct proof_window *window =
		&book->windows[(book->window_count - 1) % PROOF_WINDOWS];

	if (window->until_ns > until_ns)
		window->until_ns = until_ns;
}

static bool switches_were_on(const struct proof_book *book,
			     const struct proof *proof)
{
	for (size_t i = 0; i < PROOF_WINDOWS && i < book->window_count; i++)
		if (book->windows[i].from_ns <= proof->sample_ns &&
		    proof->end_ns < book->windows[i].until_ns)
			return true;
	return false;
}

struct error *proof_book_init(struct proof_book *book, const struct arch *arch)
{
	*book = (struct proof_book){ .arch = arch };
	proof_book_switches_on(book, 0);
	book->waiting = calloc(PROOF_WAITING_MAX, sizeof(*book->waiting));
	return book->waiting ? NULL : &error_nomem;
}

void proof_book_deinit(struct proof_book *book)
{
	free(book->waiting);
	book->waiting = NULL;
}

static bool is_kernel(const struct perf_record *record)
{
	return (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
	       PERF_RECORD_MISC_KERNEL;
}

struct proof *proof_book_add(struct proof_book *book,
			     const struct perf_record *record, uint64_t end_ns,
			     uint32_t reader_switches, enum proof_place place,
			     void *sample)
{
	struct proof *proof;

	if (book->count == PROOF_WAITING_MAX || !record->sample.regs)
		return NULL;
	proof = &book->waiting[book->count++];
	*proof = (struct proof){ .sample_ns = record->time_ns,
				 .end_ns = end_ns,
				 .tid = record->tid,
				 .cpu = record->cpu,
				 .reader_switches = reader_switches,
				 .off_cpu = place == PROOF_OFF_CPU,
				 .in_kernel = place == PROOF_IN_KERNEL ||
					      is_kernel(record),
				 .sample = sample };
	memcpy(proof->regs, record->sample.regs,
	       book->arch->perf_count * sizeof(uint64_t));
	return proof;
}

// Whether register @i may differ: it was to hold the result of the system call
// that the sample hit. What else the call does to registers it did on entry.
static bool may_differ(const struct proof_book *book,
		       const struct proof *proof, unsigned int i)
{
	return proof->in_kernel && (int)i == book->arch->perf_result &&
	       proof->regs[i] == book->arch->result_pending;
}

static bool is_same(const struct proof_book *book, const struct proof *proof,
		    const uint64_t *regs)
{
	for (unsigned int i = 0; i < book->arch->perf_count; i++)
		if (proof->regs[i] != regs[i] && !may_differ(book, proof, i))
			return false;
	return true;
}

// The interrupt of the sample may have made a signal due as well. Which of the
// two is served first is chance (exit_to_user_mode_loop(), Linux 6.18): the
// reader is woken when the kernel has begun to look at what is due.
static bool same_registers(const struct proof_book *book,
			   const struct proof *proof,
			   const struct perf_record *record)
{
	uint64_t before[PROOF_REGS_MAX];

	if (!record->sample.regs)
		return false;
	return is_same(book, proof, record->sample.regs) ||
	       (signal_entry_read(book->arch, &record->sample, before) &&
		is_same(book, proof, before));
}

static void first_switch(const struct proof_book *book, struct proof *proof,
			 const struct perf_record *record)
{
	proof->switch_seen = true;
	proof->switch_ns = record->time_ns;
	proof->switch_same_thread = record->tid == proof->tid;
	proof->switch_same_regs = same_registers(book, proof, record);
}

// The filtered tracepoint: each record of this CPU is a switch to its capture
// thread or to the kernel's stopper, in the context of whoever was switched out.
// The stopper may come first: then the sampled thread gave way to it, and it, as a
// kernel thread without user registers, to the reader. Whoever else gives way
// after it shows that the reader was not left alone; the thread itself cannot,
// unless it was switched in, which (c) tells. By moves alone (c) does not: then
// the thread may have run between the stopper and the reader.
static void switch_to_reader(const struct proof_book *book,
			     struct proof *proof,
			     const struct perf_record *record)
{
	if (record->cpu != proof->cpu || record->time_ns > proof->end_ns)
		return;
	if (!proof->switch_seen)
		first_switch(book, proof, record);
	else if (book->by_moves ||
		 (record->sample.regs && record->tid != proof->tid))
		proof->switched_again = true;
}

// Every switch-out is recorded: the thread's own first one is what counts. One
// after the reads does not, for until then it ran on, beside the reader.
static void switch_out(const struct proof_book *book, struct proof *proof,
		       const struct perf_record *record)
{
	if (!proof->switch_seen && record->tid == proof->tid &&
	    record->time_ns <= proof->end_ns)
		first_switch(book, proof, record);
}

static void registers_at_switch(struct proof_book *book,
				const struct perf_record *record)
{
	for (size_t i = 0; i < book->count; i++) {
		struct proof *proof = &book->waiting[i];

		if (record->time_ns < proof->sample_ns)
			continue;
		if (book->switch_proof == SWITCH_PROOF_SOFTWARE)
			switch_out(book, proof, record);
		else
			switch_to_reader(book, proof, record);
	}
}

static void switched_in(struct proof_book *book,
			const struct perf_record *record)
{
	for (size_t i = 0; i < book->count; i++) {
		struct proof *proof = &book->waiting[i];

		if (record->tid == proof->tid &&
		    record->time_ns > proof->sample_ns &&
		    record->time_ns <= proof->end_ns)
			proof->ran = true;
	}
}

static bool is_switch_in(const struct perf_record *record)
{
	return (record->type == PERF_RECORD_SWITCH ||
		record->type == PERF_RECORD_SWITCH_CPU_WIDE) &&
	       !record->switched.out;
}

void proof_book_evidence(struct proof_book *book,
			 const struct perf_record *record,
			 enum perf_record_kind kind)
{
	if (kind == PERF_KIND_PROOF)
		registers_at_switch(book, record);
	else if (kind == PERF_KIND_MOVE || is_switch_in(record))
		switched_in(book, record);
}

static enum proof_reason verdict(const struct proof_book *book,
				 const struct proof *proof)
{
	if (book->switch_proof == SWITCH_PROOF_NONE)
		return PROOF_NOT_PERMITTED;
	if (proof->sample_ns <= book->doubt_until_ns)
		return PROOF_RECORDS_LOST;
	if (!switches_were_on(book, proof))
		return PROOF_SWITCHES_OFF;
	// It cannot have run since, unless it was switched in again.
	if (proof->off_cpu)
		return proof->ran ? PROOF_RAN_BEFORE_READ : PROOF_HOLDS;
	if (!proof->switch_seen)
		return PROOF_NO_SWITCH;
	if (!proof->switch_same_thread)
		return PROOF_OTHER_THREAD;
	if (!proof->switch_same_regs)
		return PROOF_REGISTERS;
	if (book->switch_most_ns &&
	    proof->switch_ns - proof->sample_ns > book->switch_most_ns)
		return PROOF_LATE_SWITCH;
	if (proof->reader_switches || proof->switched_again)
		return PROOF_READER_INTERRUPTED;
	return proof->ran ? PROOF_RAN_BEFORE_READ : PROOF_HOLDS;
}

void proof_book_settle(struct proof_book *book, uint64_t until_ns,
		       proof_done_fn done, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < book->count; i++) {
		struct proof *proof = &book->waiting[i];

		if (proof->end_ns < until_ns)
			done(context, proof, verdict(book, proof));
		else
			book->waiting[kept++] = *proof;
	}
	book->count = kept;
}

static const struct {
	const char *name, *text;
} reasons[PROOF_REASON_COUNT] = {
	[PROOF_HOLDS] = { "proven", "the thread stood still while it was read" },
	[PROOF_NOT_PERMITTED] = { "proof-not-permitted",
		"this user may not record context switches with registers" },
	[PROOF_NO_SWITCH] = { "no-switch-record",
		"no switch to the reader was recorded after the sample" },
	[PROOF_OTHER_THREAD] = { "other-thread-switched-out",
		"the reader took the CPU from another thread" },
	[PROOF_REGISTERS] = { "ran-before-switch",
		"the thread ran on between the sample and the reader" },
	[PROOF_LATE_SWITCH] = { "late-switch",
		"the reader, without real-time priority, came so late that the thread "
		"may have run on and come by the same registers" },
	[PROOF_RECORDS_LOST] = { "records-lost",
		"a ring was full, and may have lost what speaks against it" },
	[PROOF_SWITCHES_OFF] = { "switches-off",
		"not every CPU told of switches: of so many a second they do for part "
		"of the time, and one that comes, as at the beginning, soon after" },
	[PROOF_READER_INTERRUPTED] = { "reader-interrupted",
		"the reader was itself switched out while it read" },
	[PROOF_RAN_BEFORE_READ] = { "ran-before-read",
		"the thread ran again before it had been read" },
	[PROOF_NOT_CAPTURED] = { "not-captured",
		"the process was not known to be a Python yet" },
	[PROOF_QUEUE_FULL] = { "queue-full",
		"the reader had no room for one more snapshot" },
	[PROOF_CAPTURE_STUCK] = { "capture-stuck",
		"reading the process hung, so its reader was replaced" },
	[PROOF_MAY_HANG] = { "may-hang",
		"the interpreter's data led into a file that may never come" },
	[PROOF_BANNED] = { "not-read-again",
		"reading the process has hung before" },
	[PROOF_DENIED] = { "may-not-be-read",
		"the process may not be read; CAP_SYS_PTRACE would help" },
	[PROOF_NO_RUNTIME] = { "no-runtime",
		"the interpreter was not initialised" },
	[PROOF_NO_THREAD] = { "no-thread-state",
		"the thread's Python state was not found" },
	[PROOF_SEARCH_CUT] = { "search-cut",
		"there are more Python states than are looked at, and one may be this "
		"thread's" },
	[PROOF_STALE_THREAD] = { "stale-thread-state",
		"the Python state may be that of an earlier thread" },
	[PROOF_UNREADABLE] = { "unreadable",
		"the interpreter's memory could not be read" },
	[PROOF_TOO_DEEP] = { "too-deep",
		"more Python stack than the limit of one snapshot" },
	[PROOF_OVER_LIMIT] = { "target-over-limit",
		"more Python stack than its share: the worker was behind, or the process "
		"had been held up for its deep stacks" },
	[PROOF_BROKEN] = { "broken-chain",
		"the interpreter's frame chain makes no sense" },
	[PROOF_CONTRADICTION] = { "contradiction",
		"Python and native stack disagree" },
	[PROOF_WALK_INCOMPLETE] = { "walk-incomplete",
		"the native walk ended before the Python frames" },
	[PROOF_CODE_GONE] = { "code-gone",
		"a code object was freed before it could be checked" },
	[PROOF_UNSUPPORTED] = { "python-unsupported",
		"this CPython version is not supported" },
	[PROOF_FILES_UNKNOWN] = { "files-unknown",
		"a file that the process has mapped could not be read so far, and may "
		"be a Python" },
};

const char *proof_reason_name(enum proof_reason reason)
{
	return reasons[reason].name;
}

const char *proof_reason_text(enum proof_reason reason)
{
	return reasons[reason].text;
}
