// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_event.h"

#include "daemon/perf/perf_attr.h"
#include "daemon/perf/perf_ring.h"
#include "daemon/perf/perf_switches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
	// Reserved once, so that the arrays never move under the capture
	// thread's feet while another thread attaches; untouched pages cost
	// nothing. With two or three events a thread, 20,000 threads a CPU.
	PERF_CPU_EVENTS_MAX = 1 << 16,
	PERF_ALERTS_BYTES = 64 << 10,
	PERF_STACK_BYTES_MAX = 65528,
};

static size_t event_count(const struct perf_cpu *cpu)
{
	return __atomic_load_n(&cpu->fd_count, __ATOMIC_ACQUIRE);
}

// The kernel hands out ids in rising order, so that appending keeps them
// sorted; a reader that sees the old count sees a complete array.
static int cpu_keep_event(struct perf_cpu *cpu, int fd, enum perf_source source,
			  size_t event)
{
	size_t count = cpu->fd_count;
	uint64_t id;

	if (count == cpu->fd_capacity)
		return -EMFILE;
	if (ioctl(fd, PERF_EVENT_IOC_ID, &id) < 0)
		return -errno;
	if (count && id < cpu->ids[count - 1])
		return -EINVAL;
	cpu->fds[count] = fd;
	cpu->ids[count] = id;
	cpu->sources[count] = (uint8_t)source;
	cpu->events[count] = (uint8_t)event;
	__atomic_store_n(&cpu->fd_count, count + 1, __ATOMIC_RELEASE);
	return 0;
}

// A descriptor kept by @cpu, or a negative errno. @ring NULL: no output yet.
static int cpu_open_event(struct perf_cpu *cpu,
			  const struct perf_event_attr *attr, pid_t tid,
			  enum perf_source source, size_t event,
			  const struct perf_ring *ring)
{
	_cleanup_close_ int fd = opener_perf_event(cpu->opener, attr, tid,
						     (int)cpu->cpu);
	int failed;

	if (fd < 0)
		return fd;
	if (ring && ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) < 0)
		return -errno;
	failed = cpu_keep_event(cpu, fd, source, event);
	return failed ? failed : take_fd(&fd);
}

static struct error *cpu_open_ring(struct perf_cpu *cpu,
				   const struct perf_options *options,
				   bool wake_each, size_t bytes,
				   struct perf_ring **ret)
{
	struct perf_event_attr attr = perf_attr_anchor(options, wake_each);
	int fd = cpu_open_event(cpu, &attr, PERF_TARGET_SELF,
				PERF_SOURCE_SIDEBAND, 0, NULL);

	if (fd < 0)
		return perf_attr_error(-fd, options->features);
	return perf_ring_create(fd, bytes, ret);
}

// How it is known that a thread ran (proof.h).
static int cpu_open_runs(struct perf_cpu *cpu,
			 const struct perf_options *options,
			 const struct perf_target *target)
{
	struct perf_event_attr attr =
		options->by_moves ? perf_attr_moves(options, target) :
				    perf_attr_switches(options, target);

	return cpu_open_event(cpu, &attr, target->tid,
			      options->by_moves ? PERF_SOURCE_MOVES :
						  PERF_SOURCE_SWITCHES,
			      0, cpu->ring);
}

// Switch records have an event of their own where they may have to be switched
// off; a thread's share the event of its mappings, to save descriptors.
static int cpu_open_sideband(struct perf_cpu *cpu,
			     const struct perf_options *options,
			     const struct perf_target *target)
{
	bool everyone = target->tid == PERF_TARGET_ALL;
	struct perf_event_attr alerts = perf_attr_alerts(options, target);
	struct perf_event_attr sideband =
		perf_attr_sideband(options, target, !everyone);
	int fd;

	fd = cpu_open_event(cpu, &alerts, target->tid, PERF_SOURCE_ALERTS, 0,
			    cpu->alerts);
	if (fd >= 0)
		fd = cpu_open_event(cpu, &sideband, target->tid,
				    PERF_SOURCE_SIDEBAND, 0, cpu->ring);
	if (fd >= 0 && everyone)
		fd = cpu_open_runs(cpu, options, target);
	return fd;
}

static int cpu_open_sample(struct perf_cpu *cpu,
			   const struct perf_options *options, size_t index,
			   const struct perf_target *target)
{
	const struct perf_event_choice *choice = &options->events.choices[index];
	struct perf_event_attr attr = perf_attr_sample(options, index, target);
	int fd = cpu_open_event(cpu, &attr, target->tid, PERF_SOURCE_TIMER,
				index, cpu->ring);

	int failed = 0;

	if (fd >= 0 && perf_switches_is_filtered(choice) &&
	    target->tid != PERF_TARGET_ALL)
		failed = perf_switches_filter(fd, PERF_SOURCE_TIMER, 0);
	return failed ? failed : fd;
}

bool perf_samples_waits(const struct perf_options *options)
{
	for (size_t i = 0; i < options->events.count; i++)
		if (options->events.choices[i].kind == PERF_CHOICE_OFF_CPU)
			return true;
	return false;
}

// A waker that may not be seen stays unknown.
static void cpu_open_waking(struct perf_cpu *cpu,
			    const struct perf_options *options,
			    const struct perf_target *target)
{
	struct perf_event_attr attr = perf_attr_waking(options, target);
	_cleanup_close_ int fd = opener_perf_event(cpu->opener, &attr,
						   target->tid, (int)cpu->cpu);

	if (fd < 0 ||
	    perf_switches_filter(fd, PERF_SOURCE_WAKING, 0) ||
	    ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, cpu->ring->fd) < 0)
		return;
	if (!cpu_keep_event(cpu, fd, PERF_SOURCE_WAKING, 0))
		take_fd(&fd);
}

// Descriptors opened, or a negative errno.
static int cpu_open_target(struct perf_cpu *cpu,
			   const struct perf_options *options,
			   const struct perf_target *target)
{
	struct perf_event_attr proof =
		perf_attr_switch_software(options, target);
	int fd = cpu_open_sideband(cpu, options, target);

	if (fd >= 0 && options->switch_proof == SWITCH_PROOF_SOFTWARE)
		fd = cpu_open_event(cpu, &proof, target->tid, PERF_SOURCE_PROOF,
				    0, cpu->ring);
	for (size_t i = 0; fd >= 0 && i < options->events.count; i++)
		fd = cpu_open_sample(cpu, options, i, target);
	if (fd >= 0 && perf_samples_waits(options) &&
	    options->features->sched_waking.id)
		cpu_open_waking(cpu, options, target);
	return fd < 0 ? fd : 0;
}

static struct error *cpu_open_scope(struct perf_cpu *cpu,
				    const struct perf_options *options,
				    const struct perf_scope *scope)
{
	struct perf_target target = { .tid = PERF_TARGET_ALL,
				      .enable_on_exec = scope->enable_on_exec };
	size_t count = scope->system_wide ? 1 : scope->tid_count;

	for (size_t i = 0; i < count; i++) {
		int failed;

		if (!scope->system_wide)
			target.tid = scope->tids[i];
		failed = cpu_open_target(cpu, options, &target);
		// Threads come and go between the listing and here.
		if (failed == -ESRCH && !scope->system_wide)
			continue;
		if (failed)
			return perf_attr_error(-failed, options->features);
	}
	return NULL;
}

static struct error *options_check(const struct perf_options *options)
{
	unsigned int max_hz = options->features->max_rate_hz;

	if (!options->frequency_hz || options->frequency_hz > max_hz)
		return error_create(ERROR_USAGE, "%u Hz is not between 1 and "
				    "%u (kernel.perf_event_max_sample_rate)",
				    options->frequency_hz, max_hz);
	if (options->stack_bytes % 8 ||
	    options->stack_bytes > PERF_STACK_BYTES_MAX)
		return error_create(ERROR_USAGE, "a stack of %u bytes is not a "
				    "multiple of 8 up to %d",
				    options->stack_bytes, PERF_STACK_BYTES_MAX);
	return NULL;
}

static struct error *cpu_reserve(struct perf_cpu *cpu)
{
	cpu->fds = calloc(PERF_CPU_EVENTS_MAX, sizeof(*cpu->fds));
	cpu->ids = calloc(PERF_CPU_EVENTS_MAX, sizeof(*cpu->ids));
	cpu->sources = calloc(PERF_CPU_EVENTS_MAX, sizeof(*cpu->sources));
	cpu->events = calloc(PERF_CPU_EVENTS_MAX, sizeof(*cpu->events));
	if (!cpu->fds || !cpu->ids || !cpu->sources || !cpu->events)
		return &error_nomem;
	cpu->fd_capacity = PERF_CPU_EVENTS_MAX;
	return NULL;
}

// The alerts' ring first: it cannot shrink, and both count against one limit.
static struct error *cpu_fill(struct perf_cpu *cpu,
			      const struct perf_options *options,
			      const struct perf_scope *scope)
{
	struct error *error = cpu_reserve(cpu);

	if (!error)
		error = cpu_open_ring(cpu, options, true, PERF_ALERTS_BYTES,
				      &cpu->alerts);
	if (!error)
		error = cpu_open_ring(cpu, options, false, options->ring_bytes,
				      &cpu->ring);
	if (!error)
		error = cpu_open_scope(cpu, options, scope);
	return error;
}

struct error *perf_cpu_open(unsigned int number,
			    const struct perf_options *options,
			    const struct perf_scope *scope,
			    struct perf_cpu *ret)
{
	_cleanup_(perf_cpu_close) struct perf_cpu cpu = {
		.opener = options->features->opener,
		.cpu = number,
	};
	struct error *error = options_check(options);

	if (!error)
		error = cpu_fill(&cpu, options, scope);
	if (error)
		return error_wrap(error, "CPU %u", number);
	*ret = cpu;
	cpu = (struct perf_cpu){ 0 };
	return NULL;
}

struct error *perf_cpu_add(struct perf_cpu *cpu,
			   const struct perf_options *options,
			   const struct perf_scope *scope)
{
	struct error *error = cpu_open_scope(cpu, options, scope);

	return error ? error_wrap(error, "CPU %u", cpu->cpu) : NULL;
}

void perf_cpu_close(struct perf_cpu *cpu)
{
	perf_ring_destroy(cpu->ring);
	perf_ring_destroy(cpu->alerts);
	for (size_t i = 0; i < cpu->fd_count; i++)
		if (cpu->fds[i] >= 0)
			close(cpu->fds[i]);
	free(cpu->fds);
	free(cpu->ids);
	free(cpu->sources);
	free(cpu->events);
	*cpu = (struct perf_cpu){ .cpu = cpu->cpu };
}

// Filtered before it is enabled: not one record of somebody else's switch.
static int cpu_open_tracepoint(struct perf_cpu *cpu,
			       const struct perf_options *options,
			       pid_t capture_tid)
{
	struct perf_event_attr attr = perf_attr_switch_tracepoint(options);
	_cleanup_close_ int fd =
		opener_perf_event(cpu->opener, &attr, PERF_TARGET_ALL,
				  (int)cpu->cpu);
	int failed;

	if (fd < 0)
		return fd;
	if (perf_switches_filter(fd, PERF_SOURCE_PROOF, capture_tid) ||
	    ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, cpu->ring->fd) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	failed = cpu_keep_event(cpu, fd, PERF_SOURCE_PROOF, 0);
	if (failed)
		return failed;
	cpu->proof_filtered = true;
	return take_fd(&fd);
}

// The second choice here is every switch of the CPU: whoever may filter the
// tracepoint may have that too, and it needs no list of threads.
static int cpu_open_all_switches(struct perf_cpu *cpu,
				 const struct perf_options *options)
{
	struct perf_target everyone = { .tid = PERF_TARGET_ALL };
	struct perf_event_attr attr =
		perf_attr_switch_software(options, &everyone);
	int fd = cpu_open_event(cpu, &attr, PERF_TARGET_ALL, PERF_SOURCE_PROOF,
				0, cpu->ring);

	if (fd >= 0 && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	return fd;
}

// Now that the capture thread is known, for the kernel takes a filter once. The
// thread that replaces another is not spared: its samples are known by its tid.
static int cpu_spare_reader(struct perf_cpu *cpu,
			    const struct perf_options *options,
			    pid_t capture_tid)
{
	size_t count = event_count(cpu);
	int failed = 0;

	for (size_t i = 0; i < count && failed >= 0; i++) {
		if (cpu->sources[i] != PERF_SOURCE_TIMER || cpu->fds[i] < 0 ||
		    !perf_switches_is_filtered(
			    &options->events.choices[cpu->events[i]]))
			continue;
		failed = perf_switches_filter(cpu->fds[i], PERF_SOURCE_TIMER,
					      capture_tid);
		if (failed == -EEXIST)
			failed = 0;
	}
	return failed < 0 ? failed : 0;
}

struct error *perf_cpu_open_proof(struct perf_cpu *cpu,
				  const struct perf_options *options,
				  pid_t capture_tid, enum switch_proof *ret)
{
	enum switch_proof proof = options->switch_proof;
	int failed;

	cpu->capture_tid = capture_tid;
	if (proof == SWITCH_PROOF_TRACEPOINT &&
	    cpu_open_tracepoint(cpu, options, capture_tid) < 0)
		proof = options->by_moves ||
			cpu_open_all_switches(cpu, options) < 0 ?
				SWITCH_PROOF_NONE : SWITCH_PROOF_SOFTWARE;
	failed = cpu_spare_reader(cpu, options, capture_tid);
	if (failed)
		return error_from_errno(-failed, "filter the off-cpu event");
	*ret = proof;
	return NULL;
}

struct error *perf_cpu_attach(struct perf_cpu *cpu,
			      const struct perf_options *options, pid_t tid)
{
	struct perf_target target = { .tid = tid };
	size_t before = cpu->fd_count;
	int failed = cpu_open_target(cpu, options, &target);

	if (failed)
		return error_wrap(perf_attr_error(-failed, options->features),
				  "thread %d", (int)tid);
	for (size_t i = before; i < cpu->fd_count; i++)
		if (ioctl(cpu->fds[i], PERF_EVENT_IOC_ENABLE, 0) < 0)
			return error_from_errno(errno, "enable an event");
	return NULL;
}

static bool cpu_is_anchor(const struct perf_cpu *cpu, int fd)
{
	return fd == cpu->ring->fd || fd == cpu->alerts->fd;
}

struct error *perf_cpu_enable(struct perf_cpu *cpu)
{
	for (size_t i = 0; i < cpu->fd_count; i++)
		if (!cpu_is_anchor(cpu, cpu->fds[i]) &&
		    ioctl(cpu->fds[i], PERF_EVENT_IOC_ENABLE, 0) < 0)
			return error_from_errno(errno, "enable the events of "
						"CPU %u", cpu->cpu);
	return NULL;
}

void perf_cpu_disable(struct perf_cpu *cpu)
{
	for (size_t i = 0; i < cpu->fd_count; i++)
		ioctl(cpu->fds[i], PERF_EVENT_IOC_DISABLE, 0);
}
