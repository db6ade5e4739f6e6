// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_attr.h"

#include "daemon/perf/perf_record.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

enum { PROBE_HZ = 49 };

static struct perf_event_attr attr_base(const struct perf_options *options,
					uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = config,
		.sample_type = PERF_RECORD_MOVE_TYPE,
		.read_format = PERF_FORMAT_ID,
		.disabled = 1,
		.exclude_kernel = options->user_only,
		.exclude_hv = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	if (options->features->lost_count)
		attr.read_format |= PERF_FORMAT_LOST;
	return attr;
}

static void attr_aim(struct perf_event_attr *attr,
		     const struct perf_target *target)
{
	attr->inherit = target->tid != PERF_TARGET_ALL;
	attr->enable_on_exec = attr->inherit && target->enable_on_exec;
}

// No samples of its own: what tasks do to themselves.
static void attr_add_sideband(struct perf_event_attr *attr,
			      const struct perf_options *options)
{
	attr->mmap = 1;
	attr->mmap2 = 1;
	attr->comm = 1;
	attr->comm_exec = 1;
	attr->task = 1;
	attr->build_id = options->build_id && options->features->build_id;
}

// Only a sample of an event with wakeup_events wakes at once; these never do.
static void attr_never_wake(struct perf_event_attr *attr)
{
	attr->watermark = 1;
	attr->wakeup_watermark = UINT32_MAX;
}

unsigned int perf_attr_frequency(const struct perf_options *options,
				 const struct perf_event_choice *choice)
{
	unsigned int most = options->features->max_rate_hz;
	unsigned int hz = choice->frequency_hz ? choice->frequency_hz :
						 options->frequency_hz;

	return hz < most ? hz : most;
}

// The kernel adapts the period, so that a burst costs no more than the rate.
struct perf_event_attr perf_attr_sample(const struct perf_options *options,
					size_t index,
					const struct perf_target *target)
{
	const struct perf_event_choice *choice = &options->events.choices[index];
	struct perf_event_attr attr =
		attr_base(options, choice->type, choice->config);

	attr.config1 = choice->config1;
	attr.config2 = choice->config2;
	attr.sample_type = PERF_RECORD_TIMER_TYPE;
	attr.freq = 1;
	attr.sample_freq = perf_attr_frequency(options, choice);
	attr.exclude_idle = 1;
	attr.exclude_user = choice->exclude_user;
	attr.exclude_kernel |= choice->exclude_kernel;
	// A guest's registers mean nothing in our address spaces.
	attr.exclude_guest = choice->type != PERF_TYPE_SOFTWARE &&
			     choice->type != PERF_TYPE_TRACEPOINT;
	attr.exclude_callchain_user = 1;
	attr.exclude_callchain_kernel = options->user_only;
	attr.sample_regs_user = options->arch->perf_mask;
	attr.sample_stack_user = options->stack_bytes;
	attr.wakeup_events = 1;
	attr_aim(&attr, target);
	return attr;
}

static struct perf_event_attr attr_dummy(const struct perf_options *options,
					 const struct perf_target *target)
{
	struct perf_event_attr attr = attr_base(options, PERF_TYPE_SOFTWARE,
						PERF_COUNT_SW_DUMMY);

	attr_aim(&attr, target);
	return attr;
}

struct perf_event_attr perf_attr_sideband(const struct perf_options *options,
					  const struct perf_target *target,
					  bool switches)
{
	struct perf_event_attr attr = attr_dummy(options, target);

	attr_add_sideband(&attr, options);
	attr.context_switch = switches;
	return attr;
}

struct perf_event_attr perf_attr_switches(const struct perf_options *options,
					  const struct perf_target *target)
{
	struct perf_event_attr attr = attr_dummy(options, target);

	attr.context_switch = 1;
	return attr;
}

// Counted as the thread is switched in, before it returns to user space
// (perf_event_task_sched_in(), include/linux/perf_event.h, Linux 6.1 to 6.18).
struct perf_event_attr perf_attr_moves(const struct perf_options *options,
				       const struct perf_target *target)
{
	struct perf_event_attr attr = attr_base(options, PERF_TYPE_SOFTWARE,
						PERF_COUNT_SW_CPU_MIGRATIONS);

	attr.exclude_kernel = 0;
	attr.sample_period = 1;
	attr_never_wake(&attr);
	attr_aim(&attr, target);
	return attr;
}

static struct perf_event_attr attr_switch(const struct perf_options *options,
					  uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = attr_base(options, type, config);

	attr.sample_type = PERF_RECORD_PROOF_TYPE;
	// A switch happens in the kernel, whatever may be sampled: with this
	// set the kernel would drop each of them (perf_exclude_event()).
	attr.exclude_kernel = 0;
	attr.sample_period = 1;
	attr.sample_regs_user = options->arch->perf_mask;
	attr_never_wake(&attr);
	return attr;
}

struct perf_event_attr
perf_attr_switch_software(const struct perf_options *options,
			  const struct perf_target *target)
{
	struct perf_event_attr attr = attr_switch(
		options, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES);

	attr_aim(&attr, target);
	return attr;
}

struct perf_event_attr
perf_attr_switch_tracepoint(const struct perf_options *options)
{
	struct perf_event_attr attr =
		attr_switch(options, PERF_TYPE_TRACEPOINT,
			    options->features->sched_switch_id);

	// What a signal that came with the sample has put there. These are one
	// for each sample; of every switch it would be too much.
	if (options->arch->perf_signal) {
		attr.sample_type |= PERF_SAMPLE_STACK_USER;
		attr.sample_stack_user = options->arch->signal_bytes;
	}
	return attr;
}

struct perf_event_attr perf_attr_waking(const struct perf_options *options,
					const struct perf_target *target)
{
	struct perf_event_attr attr =
		attr_base(options, PERF_TYPE_TRACEPOINT,
			  options->features->sched_waking.id);

	attr.sample_type = PERF_RECORD_WAKING_TYPE;
	attr.exclude_kernel = 0;
	attr.sample_period = 1;
	attr_never_wake(&attr);
	attr_aim(&attr, target);
	return attr;
}

struct perf_event_attr perf_attr_alerts(const struct perf_options *options,
					const struct perf_target *target)
{
	return perf_attr_sideband(options, target, false);
}

struct perf_event_attr perf_attr_anchor(const struct perf_options *options,
					bool wake_each)
{
	struct perf_event_attr attr = attr_base(options, PERF_TYPE_SOFTWARE,
						PERF_COUNT_SW_DUMMY);

	attr.exclude_kernel = 1;
	attr.watermark = wake_each;
	attr.wakeup_watermark = wake_each;
	return attr;
}

struct perf_event_attr perf_attr_probe(uint32_t type, uint64_t config)
{
	return (struct perf_event_attr){
		.size = sizeof(struct perf_event_attr),
		.type = type,
		.config = config,
		.sample_type = PERF_SAMPLE_IP,
		.freq = 1,
		.sample_freq = PROBE_HZ,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
}

bool perf_attr_works(const struct opener *opener,
		     const struct perf_event_attr *attr, pid_t tid, int cpu)
{
	_cleanup_close_ int fd = opener_perf_event(opener, attr, tid, cpu);

	return fd >= 0;
}

struct error *perf_attr_error(int errnum, const struct perf_features *features)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return error_from_errno(
			errnum, "perf_event_open (kernel.perf_event_paranoid "
			"is %d; needs CAP_PERFMON, or for your own processes a "
			"value of at most 2)", features->paranoid);
	case EMFILE:
		return error_from_errno(errnum, "perf_event_open (ulimit -n)");
	case ENODEV:
		return error_from_errno(errnum,
					"perf_event_open (is the CPU offline?)");
	case EINVAL:
		return error_from_errno(
			errnum, "perf_event_open (at most %u Hz by "
			"kernel.perf_event_max_sample_rate, at most 65528 "
			"bytes of stack)", features->max_rate_hz);
	case ENOSYS:
		return error_from_errno(
			errnum, "perf_event_open (a kernel without perf "
			"events, or a sandbox that hides them)");
	default:
		return error_from_errno(errnum, "perf_event_open");
	}
}
