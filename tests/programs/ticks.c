/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a CPU's timers were not served: where its hypervisor had taken it
 * away, or the kernel had interrupts off, no profiler can have had a sample.
 * Until SIGTERM or SIGINT; then prints each time longer than 2 ms, as its first
 * and last ns (CLOCK_MONOTONIC), and "TICKS ticks FIRST LAST", ns, too.
 *
 *     ticks CPU
 *
 * It asks for a record each millisecond of the same clock that samples, but of
 * nothing else, and reads them at its leisure.
 */
#include <inttypes.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, RING_BYTES = 64 * PAGE, PERIOD_NS = 1000000 };

struct tick {
	struct perf_event_header header;
	uint64_t time_ns;
};

struct ticks {
	uint64_t count, first_ns, last_ns;
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static struct perf_event_mmap_page *open_ring(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS,
		.sample_type = PERF_SAMPLE_TIME,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0);
	void *ring;

	if (fd < 0)
		return NULL;
	ring = mmap(NULL, PAGE + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	return ring == MAP_FAILED ? NULL : ring;
}

/* A ring cannot cut a header: the sizes of all records are multiples of it. */
static void drain(struct perf_event_mmap_page *page, struct ticks *ticks)
{
	const char *ring = (const char *)page + PAGE;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = page->data_tail;

	while (tail < head) {
		const struct tick *tick =
			(const void *)(ring + tail % RING_BYTES);

		tail += tick->header.size;
		/* A throttled clock has no ticks either: its gap is told. */
		if (tick->header.type != PERF_RECORD_SAMPLE)
			continue;
		if (!ticks->count++)
			ticks->first_ns = tick->time_ns;
		else if (tick->time_ns - ticks->last_ns > 2 * PERIOD_NS)
			printf("%" PRIu64 " %" PRIu64 "\n", ticks->last_ns,
			       tick->time_ns);
		ticks->last_ns = tick->time_ns;
	}
	__atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	struct perf_event_mmap_page *page = open_ring(argc > 1 ? atoi(argv[1]) : 0);
	struct ticks ticks = { .count = 0 };

	if (!page) {
		perror("ticks");
		return 1;
	}
	signal(SIGTERM, end);
	signal(SIGINT, end);
	while (!ended) {
		poll(NULL, 0, 500);
		drain(page, &ticks);
	}
	printf("%" PRIu64 " ticks %" PRIu64 " %" PRIu64 "\n", ticks.count,
	       ticks.first_ns, ticks.last_ns);
	return 0;
}
