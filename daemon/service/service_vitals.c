// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/service_state.h"

#include "base/clock.h"
#include "daemon/service/notify.h"

#define MIB (1024.0 * 1024.0)

struct governor_limits service_governor_limits(const struct config *config)
{
	return (struct governor_limits){
		.frequency_hz = (unsigned int)config->frequency_hz,
		.cpu_millipercent = config->cpu_millipercent,
		.memory_bytes = config->memory_bytes,
	};
}

void service_vitals_start(struct service *service, uint64_t now_ns)
{
	struct recorder_progress progress;

	service->vitals_ns = now_ns;
	service->usage = own_usage_read(service->life->broker_pid);
	recorder_progress(service->recorder, &progress);
	service->progress.capture_cpu_ns = progress.capture_cpu_ns;
}

static void add_row(struct service *service, uint64_t now_ns,
		    const struct recorder_progress *now,
		    const struct governor_window *window)
{
	const struct recorder_progress *before = &service->progress;
	struct store_vitals vitals = {
		.monotonic_ns = now_ns,
		.samples = now->samples - before->samples,
		.proven = now->proven - before->proven,
		.unproven = now->unproven - before->unproven,
		.lost = now->lost_samples - before->lost_samples,
		.lost_records = now->lost_records - before->lost_records,
		.dropped = now->dropped - before->dropped,
		.frequency_hz = governor_frequency_hz(&service->governor),
		.own_cpu_ns = window->cpu_ns,
		.own_memory_bytes = window->memory_bytes,
		.processes = now->processes,
		.threads = now->threads,
	};

	store_add_vitals(service->store, &vitals);
}

static void say_rate(struct service *service, uint64_t now_ns,
		     const char *why)
{
	unsigned int wanted = (unsigned int)service->config.frequency_hz;
	unsigned int hz = governor_frequency_hz(&service->governor);
	char text[256];

	if (service->rate_incident)
		store_end_incident(service->store, service->rate_incident,
				   now_ns);
	service->rate_incident = 0;
	if (hz == wanted) {
		log_say(&service->log, LOG_NOTICE, "rate",
			"sampling at %u Hz again", hz);
		return;
	}
	snprintf(text, sizeof(text), "sampling at %u Hz instead of %u: %s", hz,
		 wanted, why);
	service->rate_incident = store_incident(service->store, "rate", now_ns,
						0, text);
	log_say(&service->log, LOG_WARNING, "rate", "%s", text);
}

static void describe_cpu(const struct service *service,
			 const struct governor_window *window, char *text,
			 size_t size)
{
	snprintf(text, size, "beside taking samples the profiler used %.2f %% "
		 "of a CPU, and may use %.2f (limits: cpu)",
		 (double)governor_cpu_millipercent(window) / 1000,
		 (double)service->config.cpu_millipercent / 1000);
}

static void describe_memory(const struct service *service,
			    const struct governor_window *window, char *text,
			    size_t size)
{
	snprintf(text, size, "the profiler uses %.0f MiB, and may use %.0f "
		 "(limits: memory)", (double)window->memory_bytes / MIB,
		 (double)service->config.memory_bytes / MIB);
}

static void trim(struct service *service, uint64_t now_ns,
		 const struct governor_window *window)
{
	char text[128];

	describe_memory(service, window, text, sizeof(text));
	store_incident(service->store, "memory", now_ns, now_ns, text);
	log_say(&service->log, LOG_NOTICE, "memory", "%s: giving up caches",
		text);
	recorder_trim(service->recorder);
}

static void govern(struct service *service, uint64_t now_ns,
		   const struct governor_window *window)
{
	enum governor_verdict verdict =
		governor_feed(&service->governor, window);
	char why[128] = "trying a higher rate";

	switch (verdict) {
	case GOVERNOR_KEEP:
		return;
	case GOVERNOR_TRIM:
		trim(service, now_ns, window);
		return;
	case GOVERNOR_LOWER_CPU:
		describe_cpu(service, window, why, sizeof(why));
		break;
	case GOVERNOR_LOWER_MEMORY:
		describe_memory(service, window, why, sizeof(why));
		break;
	case GOVERNOR_RAISE:
		break;
	case GOVERNOR_RESTORE:
		snprintf(why, sizeof(why), "a lower rate saves too little");
		break;
	}
	error_destroy(recorder_set_frequency(
		service->recorder, governor_frequency_hz(&service->governor)));
	say_rate(service, now_ns, why);
}

// Like the interrupt before it, taking a sample is what each CPU pays for
// itself; the budget is for the rest. A thread that was replaced, or whose CPU
// went away, takes its time with it.
static uint64_t capture_cpu_ns(const struct service *service,
			       const struct recorder_progress *now, uint64_t most)
{
	uint64_t before = service->progress.capture_cpu_ns;
	uint64_t spent = now->capture_cpu_ns > before ?
				 now->capture_cpu_ns - before : 0;

	return spent < most ? spent : most;
}

void service_vitals(struct service *service, uint64_t now_ns)
{
	struct own_usage usage = own_usage_read(service->life->broker_pid);
	struct governor_window window = {
		.elapsed_ns = now_ns - service->vitals_ns,
		.cpu_ns = usage.cpu_ns - service->usage.cpu_ns,
		.memory_bytes = usage.memory_bytes,
	};
	struct recorder_progress progress;

	recorder_progress(service->recorder, &progress);
	add_row(service, now_ns, &progress, &window);
	window.cpu_ns -= capture_cpu_ns(service, &progress, window.cpu_ns);
	service->progress = progress;
	service->usage = usage;
	service->vitals_ns = now_ns;
	// The last one, at a stop, is cut short.
	if (!service->signal)
		govern(service, now_ns, &window);
}

void service_status(struct service *service)
{
	const struct recorder_progress *now = &service->progress;
	uint64_t judged = now->proven + now->unproven;

	notify_format(service->options->notify_fd,
		      "STATUS=%u Hz, %llu processes, %llu samples, %llu lost, "
		      "%.2f %% of the Python ones proven, %.0f MiB",
		      governor_frequency_hz(&service->governor),
		      (unsigned long long)now->processes,
		      (unsigned long long)now->samples,
		      (unsigned long long)now->lost_samples,
		      judged ? 100.0 * (double)now->proven / (double)judged :
			       100.0,
		      (double)service->usage.memory_bytes / MIB);
}
