// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture_loop.h"

#include "base/clock.h"
#include "daemon/capture/deep_rest.h"
#include "daemon/perf/perf_record.h"
#include "daemon/perf/perf_ring.h"
#include "unwind/python/freeze.h"

#include <poll.h>
#include <sys/resource.h>

// Words of a timer record (PERF_RECORD_TIMER_TYPE), counted from its header.
enum {
	WORD_ID = 1,
	WORD_TID = 3,
	WORD_TIME = 4,
	WORD_CHAIN_COUNT = 7,
	WORD_CHAIN = 8,
};

struct sample_place {
	uint64_t position; // in the ring
	uint64_t words;	   // of the whole record
	uint64_t pc, fp;   // of the sampled thread
	const struct perf_ring *ring;
};

static uint64_t word_at(const struct sample_place *place, uint64_t index)
{
	return perf_ring_word(place->ring, place->position + index * 8);
}

static uint64_t own_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

// How often we were switched out since we woke, or since the last capture: not
// at all means that nobody else ran on this CPU while we read (proof (b)). The
// count is taken anew at each wake-up, for poll() may sleep more than once.
static uint32_t switches_since(struct capture_thread *capture)
{
	uint64_t now = own_switches();
	uint64_t count = now - capture->switches;

	capture->switches = now;
	return (uint32_t)count;
}

static void add_stack(struct capture_thread *capture,
		      const struct sample_place *place, uint64_t vaddr,
		      uint64_t first_word, uint64_t bytes)
{
	const struct perf_ring *ring = place->ring;
	uint64_t start = (place->position + first_word * 8) & (ring->size - 1);
	uint64_t whole = ring->size - start < bytes ? ring->size - start :
						      bytes;
	struct memory *stack = &capture->stack;

	stack->segment[0] = (struct memory_segment){ vaddr, whole,
						     ring->data + start };
	stack->segment[1] = (struct memory_segment){ vaddr + whole,
						     bytes - whole,
						     ring->data };
	stack->segment_count = whole < bytes ? 2 : 1;
}

// Finds the stack copy behind the callchain and the registers. False: no user
// registers, so a kernel thread, or a record that breaks its format.
static bool find_stack(struct capture_thread *capture,
		       struct sample_place *place)
{
	unsigned int regs = capture->options.arch->perf_count;
	uint64_t chain = word_at(place, WORD_CHAIN_COUNT);
	uint64_t at, size, copied;

	if (chain > place->words - WORD_CHAIN)
		return false;
	at = WORD_CHAIN + chain;
	if (at + 1 + regs + 1 > place->words ||
	    word_at(place, at) == PERF_SAMPLE_REGS_ABI_NONE)
		return false;
	size = word_at(place, at + 1 + regs) / 8;
	if (size > place->words - (at + 1 + regs + 1))
		return false;
	copied = 0;
	if (size)
		copied = word_at(place, at + 1 + regs + 1 + size);
	if (copied > size * 8)
		return false;
	add_stack(capture, place, word_at(place, at + 1 + capture->sp_index),
		  at + 1 + regs + 1, copied);
	place->pc = word_at(place, at + 1 + capture->options.arch->perf_pc);
	place->fp = word_at(place, at + 1 + capture->fp_index);
	return true;
}

// Others read the counters meanwhile; nobody else writes them.
static void count(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

static void note_time(uint64_t *buckets, uint64_t start_ns, uint64_t end_ns)
{
	uint64_t us = (end_ns - start_ns) / 1000;

	if (us >= CAPTURE_LATENCY_BUCKETS)
		us = CAPTURE_LATENCY_BUCKETS - 1;
	count(&buckets[us], 1);
}

static void note_reads(struct capture_stats *stats,
		       const struct snapshot *snapshot)
{
	uint32_t reads = snapshot->reads;

	count(&stats->reads, reads);
	count(&stats->bytes, snapshot->byte_count);
	if (reads > stats->most_reads)
		count(&stats->most_reads, reads - stats->most_reads);
	if (reads >= CAPTURE_READS_BUCKETS)
		reads = CAPTURE_READS_BUCKETS - 1;
	count(&stats->by_reads[reads], 1);
}

// A read of this process's memory begins, which may never end.
static void begin_reading(struct capture_thread *capture, uint64_t sample_ns)
{
	__atomic_store_n(&capture->reading, sample_ns, __ATOMIC_RELEASE);
}

// False: it took so long that the thread was given up.
static bool end_reading(struct capture_thread *capture, uint64_t sample_ns)
{
	return __atomic_compare_exchange_n(&capture->reading, &sample_ns, 0,
					   false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

static void limit_deep_stacks(const struct target *target,
			      struct capture *entry)
{
	uint64_t until = __atomic_load_n(&target->rest_until_ns,
					 __ATOMIC_RELAXED);

	if (entry->sample_ns < until && entry->capacity > CAPTURE_SNAPSHOT_MIN)
		entry->capacity = CAPTURE_SNAPSHOT_MIN;
}

static void note_deep_stack(struct target *target, const struct capture *entry)
{
	uint64_t until = deep_rest_until(entry->sample_ns, entry->end_ns,
					 entry->snapshot.byte_count);

	if (until)
		__atomic_store_n(&target->rest_until_ns, until,
				 __ATOMIC_RELAXED);
}

// False: the thread was given up.
static bool read_interpreter(struct capture_thread *capture,
			     struct target *target, struct sample_place *place)
{
	struct capture_stats *stats = &capture->stats;
	struct capture *entry = capture_queue_reserve(&capture->queue);
	struct freeze_point point = {
		.tid = (uint32_t)(word_at(place, WORD_TID) >> 32),
		.now_ns = word_at(place, WORD_TIME),
		.pc = place->pc,
		.fp = place->fp,
	};
	uint64_t start_ns = monotonic_ns();

	if (!entry) {
		stats->full_at[stats->queue_full & (CAPTURE_FULL_SLOTS - 1)] =
			place->position;
		count(&stats->queue_full, 1);
		return true;
	}
	entry->ring_position = place->position;
	entry->sample_ns = point.now_ns;
	entry->target_epoch = target->epoch;
	limit_deep_stacks(target, entry);
	begin_reading(capture, point.now_ns);
	python_freeze(target->python, &point, &capture->stack, &entry->snapshot,
		      entry->capacity);
	if (!end_reading(capture, point.now_ns))
		return false;
	entry->end_ns = monotonic_ns();
	entry->switches = switches_since(capture);
	note_deep_stack(target, entry);
	count(&stats->captures, 1);
	note_reads(stats, &entry->snapshot);
	note_time(stats->latency_us, entry->sample_ns, entry->end_ns);
	note_time(stats->reading_us, start_ns, entry->end_ns);
	capture_queue_push(&capture->queue, entry);
	return true;
}

static bool capture_sample(struct capture_thread *capture,
			   struct sample_place *place)
{
	pid_t pid = (pid_t)(uint32_t)word_at(place, WORD_TID);
	struct target *target;

	count(&capture->stats.samples, 1);
	target = target_table_hold(capture->targets, capture->holder, pid);
	if (!target)
		return true;
	// Who was given up keeps the target until its owner has seen its end.
	if (find_stack(capture, place) &&
	    !read_interpreter(capture, target, place))
		return false;
	target_table_release(capture->targets, capture->holder);
	return true;
}

static bool scan_record(struct capture_thread *capture, uint64_t position,
			struct perf_event_header header)
{
	struct sample_place place = { .position = position,
				      .words = header.size / 8,
				      .ring = capture->perf->ring };

	if (header.type != PERF_RECORD_SAMPLE || place.words <= WORD_CHAIN ||
	    perf_cpu_source(capture->perf, word_at(&place, WORD_ID)) !=
		    PERF_SOURCE_TIMER)
		return true;
	return capture_sample(capture, &place);
}

// A record that breaks the format would make every later one unreadable: the
// rest of what is there is given up, and counted.
bool capture_scan(struct capture_thread *capture)
{
	struct perf_ring *ring = capture->perf->ring;
	uint64_t head = perf_ring_head(ring);
	uint64_t position = ring->scanned;

	while (position < head) {
		struct perf_event_header header =
			perf_ring_header(ring, position);

		if (header.size < sizeof(header) || header.size % 8 ||
		    header.size > head - position) {
			count(&capture->stats.broken_records, 1);
			perf_ring_set_scanned(ring, head);
			return true;
		}
		if (!scan_record(capture, position, header))
			return false;
		position += header.size;
		perf_ring_set_scanned(ring, position);
	}
	return true;
}

// Context switches alone can fill a ring in some 50 ms.
static void tell_if_filling(const struct capture_thread *capture)
{
	if (capture->options.filling &&
	    perf_ring_is_filling(capture->perf->ring))
		sem_post(capture->options.filling);
}

static void test_delay(unsigned int us)
{
	struct timespec delay = { .tv_nsec = us * 1000L };

	if (us)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
}

void capture_loop(struct capture_thread *capture)
{
	struct pollfd fds[2] = {
		{ .fd = capture->perf->ring->fd, .events = POLLIN },
		{ .fd = capture->wake_fd, .events = POLLIN },
	};
	uint64_t pokes;

	while (!__atomic_load_n(&capture->stop, __ATOMIC_ACQUIRE)) {
		poll(fds, 2, -1);
		capture->switches = own_switches();
		count(&capture->stats.wakeups, 1);
		test_delay(capture->options.late_us);
		if (!capture_scan(capture))
			return;
		tell_if_filling(capture);
		if (fds[1].revents & POLLIN &&
		    read(capture->wake_fd, &pokes, sizeof(pokes)) < 0)
			break;
		// The profiled threads of this CPU have ended: their events
		// hang up and poll would return at once, for ever.
		if (fds[0].revents & POLLHUP)
			fds[0].fd = -1;
	}
	capture->switches = own_switches();
	capture_scan(capture);
}
