// SPDX-License-Identifier: Apache-2.0
/*
 * What does each set of events cost a context switch? Two processes on one CPU
 * hand a byte to and fro; slices with the events open on all CPUs and slices
 * without take turns, so that what else happens on the host meets both.
 *
 * usage: switch_cost SWITCH_ID [ROUNDS]
 * SWITCH_ID: of sched:sched_switch, in its file "id" of tracefs
 * Prints for each set: its name, and in nanoseconds a switch without it, and what
 * it adds: median, lower and upper quartile; tabs in between.
 */
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	TURNS = 8000,	  /* of a slice; two switches each */
	ROUNDS_MOST = 1000,
	EVENTS_MOST = 1024,
	SETTLE_US = 2000, /* from opening to the slice */
	RING_PAGES = 1 + 64,
};

enum part {
	PART_TRACEPOINT = 1, /* the proof's, filtered to what never comes */
	PART_MOVES = 2,
	PART_RECORDS = 4, /* PERF_RECORD_SWITCH */
};

static const struct {
	const char *name;
	int parts;
} sets[] = {
	{ "moves between CPUs", PART_MOVES },
	{ "the proof's tracepoint", PART_TRACEPOINT },
	{ "both, as cpu-clock has them", PART_TRACEPOINT | PART_MOVES },
	{ "the tracepoint and a record of each switch",
	  PART_TRACEPOINT | PART_RECORDS },
};

static struct {
	int fd;
	void *ring; /* on the first CPU, where the switches are */
} events[EVENTS_MOST];
static int event_count;

static struct perf_event_attr attr_of(enum part part, long switch_id)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	if (part == PART_TRACEPOINT) {
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = (uint64_t)switch_id;
		attr.sample_period = 1;
	} else if (part == PART_MOVES) {
		attr.config = PERF_COUNT_SW_CPU_MIGRATIONS;
		attr.sample_period = 1;
	} else {
		attr.context_switch = 1;
	}
	return attr;
}

static int open_part(enum part part, long switch_id, int cpu)
{
	struct perf_event_attr attr = attr_of(part, switch_id);
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 || (part == PART_TRACEPOINT &&
		       ioctl(fd, PERF_EVENT_IOC_SET_FILTER,
			     "next_pid == 1 || next_prio == 0") < 0)) {
		perror("switch_cost: open an event");
		exit(1);
	}
	return fd;
}

// A ring that may only be read is written over and over.
static void add_event(int fd, int cpu)
{
	size_t bytes = RING_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	void *ring = NULL;

	if (cpu == 0)
		ring = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED) {
		perror("switch_cost: map a ring");
		exit(1);
	}
	events[event_count].fd = fd;
	events[event_count++].ring = ring;
}

static void open_set(int parts, long switch_id)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (int cpu = 0; cpu < cpus; cpu++)
		for (int part = PART_TRACEPOINT; part <= PART_RECORDS; part *= 2)
			if (parts & part && event_count < EVENTS_MOST)
				add_event(open_part((enum part)part, switch_id,
						    cpu), cpu);
}

static void close_set(void)
{
	size_t bytes = RING_PAGES * (size_t)sysconf(_SC_PAGESIZE);

	while (event_count--) {
		if (events[event_count].ring)
			munmap(events[event_count].ring, bytes);
		close(events[event_count].fd);
	}
	event_count = 0;
}

static void pass_on(int from, int to, int turns)
{
	char ball;

	while (turns-- && write(to, "", 1) == 1 && read(from, &ball, 1) == 1)
		continue;
}

static double slice(int from, int to)
{
	struct timespec begin, end;

	usleep(SETTLE_US);
	pass_on(from, to, TURNS / 16);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pass_on(from, to, TURNS);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
		(double)(end.tv_nsec - begin.tv_nsec)) / (2 * TURNS);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static void measure(size_t set, long switch_id, int rounds, int from, int to)
{
	static double alone[ROUNDS_MOST], more[ROUNDS_MOST];

	for (int i = 0; i < rounds; i++) {
		double with;

		alone[i] = slice(from, to);
		open_set(sets[set].parts, switch_id);
		with = slice(from, to);
		close_set();
		more[i] = with - alone[i];
	}
	qsort(alone, (size_t)rounds, sizeof(*alone), compare);
	qsort(more, (size_t)rounds, sizeof(*more), compare);
	printf("%s\t%.0f\t%.0f\t%.0f\t%.0f\n", sets[set].name, alone[rounds / 2],
	       more[rounds / 2], more[rounds / 4], more[rounds - 1 - rounds / 4]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int there[2], back[2], rounds = argc > 2 ? atoi(argv[2]) : 60;
	cpu_set_t first;

	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MOST || pipe(there) < 0 ||
	    pipe(back) < 0) {
		fprintf(stderr, "usage: switch_cost SWITCH_ID [ROUNDS]\n");
		return 2;
	}
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	if (fork() == 0) {
		char ball;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(there[0], &ball, 1) == 1 &&
		       write(back[1], &ball, 1) == 1)
			continue;
		_exit(0);
	}
	for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]); set++)
		measure(set, atol(argv[1]), rounds, back[0], there[1]);
	return 0;
}
