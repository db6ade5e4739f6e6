// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/perf/perf_watch.h"

#include "base/clock.h"
#include "daemon/perf/perf_ring.h"
#include "tests/cmocka.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>

enum {
	WATCH_RING_BYTES = 2 << 20,
	WATCH_STACK_BYTES = 512,
	WATCH_HZ = 999,
	WATCH_POLL_MS = 20,
};

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void scan(struct watch_cpu *cpu)
{
	struct perf_ring *ring = cpu->perf.ring;
	uint64_t head = perf_ring_head(ring);
	uint64_t position = perf_ring_scanned(ring);
	uint64_t samples = 0;

	while (position < head) {
		struct perf_event_header header =
			perf_ring_header(ring, position);
		uint64_t id = perf_ring_word(ring, position + 8);

		if (header.size < sizeof(header))
			break;
		samples += header.type == PERF_RECORD_SAMPLE &&
			   perf_cpu_source(&cpu->perf, id) == PERF_SOURCE_TIMER;
		position += header.size;
	}
	perf_ring_set_scanned(ring, head);
	__atomic_add_fetch(&cpu->watch->samples, samples, __ATOMIC_RELAXED);
}

static void *reader_main(void *argument)
{
	struct sched_param priority = { .sched_priority = 2 };
	struct watch_cpu *cpu = argument;
	struct pollfd pollfd = { .fd = cpu->perf.ring->fd, .events = POLLIN };

	pin(cpu->perf.cpu);
	cpu->realtime = !sched_setscheduler(0, SCHED_FIFO, &priority);
	cpu->tid = (pid_t)syscall(SYS_gettid);
	sem_post(&cpu->ready);
	while (!__atomic_load_n(&cpu->watch->stop, __ATOMIC_ACQUIRE))
		if (poll(&pollfd, 1, WATCH_POLL_MS) > 0)
			scan(cpu);
	scan(cpu);
	return NULL;
}

struct error *watch_init(struct watch *watch)
{
	struct error *error;

	memset(watch, 0, sizeof(*watch));
	error = perf_features_probe(&opener_direct, &watch->features);
	if (error)
		return error;
	watch->options = (struct perf_options){
		.arch = arch_native(),
		.features = &watch->features,
		.events = { .count = 1,
			    .choices = { { .type = PERF_TYPE_SOFTWARE,
					   .config = PERF_COUNT_SW_CPU_CLOCK,
					   .name = "cpu-clock" } } },
		.frequency_hz = WATCH_HZ,
		.stack_bytes = WATCH_STACK_BYTES,
		.user_only = !watch->features.kernel_allowed,
		.switch_proof = watch->features.switch_proof,
		.ring_bytes = WATCH_RING_BYTES,
	};
	return NULL;
}

void watch_init_privileged_or_skip(struct watch *watch)
{
	struct error *error = watch_init(watch);

	if (error)
		fail_msg("%s", error->message);
	if (watch->features.kernel_allowed &&
	    watch->features.system_wide_allowed)
		return;
	print_message("skipped: kernel.perf_event_paranoid is %d and there is "
		      "no CAP_PERFMON\n", watch->features.paranoid);
	skip();
}

static struct error *cpu_start(struct watch *watch, struct watch_cpu *cpu)
{
	sem_init(&cpu->ready, 0, 0);
	if (pthread_create(&cpu->thread, NULL, reader_main, cpu))
		return error_create(ERROR_SYSTEM, "no thread");
	cpu->started = true;
	sem_wait(&cpu->ready);
	return perf_cpu_open_proof(&cpu->perf, &watch->options, cpu->tid,
				   &cpu->proof);
}

struct error *watch_open(struct watch *watch, const struct perf_scope *scope)
{
	cpu_set_t online;

	sched_getaffinity(0, sizeof(online), &online);
	for (unsigned int i = 0; i < WATCH_CPUS_MAX; i++) {
		struct watch_cpu *cpu = &watch->cpus[watch->cpu_count];
		struct error *error;

		if (!CPU_ISSET(i, &online))
			continue;
		cpu->watch = watch;
		error = perf_cpu_open(i, &watch->options, scope, &cpu->perf);
		if (error)
			return error;
		watch->cpu_count++;
		error = cpu_start(watch, cpu);
		if (error)
			return error;
	}
	return NULL;
}

struct error *watch_enable(struct watch *watch)
{
	for (unsigned int i = 0; i < watch->cpu_count; i++) {
		struct error *error = perf_cpu_enable(&watch->cpus[i].perf);

		if (error)
			return error;
	}
	return NULL;
}

bool watch_wait(struct watch *watch, uint64_t samples, unsigned int seconds)
{
	uint64_t deadline = monotonic_ns() + seconds * NS_PER_SEC;

	while (__atomic_load_n(&watch->samples, __ATOMIC_RELAXED) < samples) {
		if (monotonic_ns() > deadline)
			return false;
		poll(NULL, 0, 5);
	}
	return true;
}

void watch_stop(struct watch *watch)
{
	for (unsigned int i = 0; i < watch->cpu_count; i++)
		perf_cpu_disable(&watch->cpus[i].perf);
	__atomic_store_n(&watch->stop, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < watch->cpu_count; i++) {
		if (watch->cpus[i].started)
			pthread_join(watch->cpus[i].thread, NULL);
		watch->cpus[i].started = false;
	}
}

void watch_close(struct watch *watch)
{
	watch_stop(watch);
	for (unsigned int i = 0; i < watch->cpu_count; i++)
		perf_cpu_close(&watch->cpus[i].perf);
	watch->cpu_count = 0;
}

unsigned int watch_each(const struct watch_cpu *cpu,
			const struct perf_ring *ring, watch_record_fn each,
			void *context)
{
	uint64_t scratch[(64 << 10) / 8];
	uint64_t head = perf_ring_head(ring);
	uint64_t position = perf_ring_tail(ring);
	unsigned int malformed = 0;

	while (position < head) {
		struct perf_event_header header =
			perf_ring_header(ring, position);
		enum perf_record_kind kind;
		struct perf_record record;
		const void *bytes;

		if (header.size < sizeof(header) ||
		    header.size > head - position)
			return malformed + 1;
		bytes = perf_ring_bytes(ring, position, header.size, scratch);
		kind = perf_cpu_record_kind(&cpu->perf, bytes, header.type);
		if (perf_record_parse(bytes, header.size, kind, arch_native(),
				      &record))
			each(cpu, &record, kind, context);
		else
			malformed++;
		position += header.size;
	}
	return malformed;
}
