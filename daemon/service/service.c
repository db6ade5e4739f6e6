// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/service.h"

#include "base/clock.h"
#include "daemon/pipeline/recorder_stuck.h"
#include "daemon/service/notify.h"
#include "daemon/service/service_state.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#define VITALS_NS (GOVERNOR_WINDOW_SECONDS * NS_PER_SEC)
// Commits are tried each second: no error for so long means that one worked.
#define TRIED_NS (2500 * NS_PER_MS)
#define GIVE_BACK_NS (60 * NS_PER_SEC)

enum { LARGE_BLOCK_BYTES = 128 << 10 };

// Files are read whole, taken apart and freed, on and on for months. From one
// heap, in which large blocks never lie, what is free can be given back; else
// it stays, scattered, in a heap for each thread.
static void keep_heap_small(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
	mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK_BYTES);
}

static struct error *open_signals(struct service *service)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	// A reader of our messages that leaves and a file that grows too large
	// both show as errors of write(2), and end nothing.
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	service->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (service->signal_fd < 0)
		return error_from_errno(errno, "signalfd");
	return NULL;
}

static struct error *open_recorder(struct service *service)
{
	const struct config *config = &service->config;
	struct store_limits limits = service_limits(config);
	struct recorder_options options = {
		.opener = service->life->opener,
		.output = config->db,
		.limits = &limits,
		.event = config->events,
		.command = "daemon",
		.frequency_hz = (unsigned int)config->frequency_hz,
		.stack_bytes = (unsigned int)config->stack_bytes & ~7u,
		.system_wide = true,
		.ended_writer = service->life->ended_writer,
		.realtime = config->realtime,
	};
	struct error *error = recorder_create(&options, &service->recorder);

	if (!error)
		service_apply_privacy(service);
	if (!error)
		error = recorder_start(service->recorder);
	if (!error)
		service->store = recorder_store(service->recorder);
	return error;
}

static void say_started(struct service *service)
{
	const struct config *config = &service->config;
	const char *notes[] = { recorder_note(service->recorder),
				recorder_store_note(service->recorder) };
	uint64_t now = monotonic_ns();
	char text[128];

	log_say(&service->log, LOG_NOTICE, "start",
		"profiling this host at %llu Hz into %s",
		(unsigned long long)config->frequency_hz, config->db);
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (notes[i])
			log_say(&service->log, LOG_WARNING, "start", "%s",
				notes[i]);
	if (!service->life->restarts)
		return;
	snprintf(text, sizeof(text), "the profiler was ended by signal %d "
		 "(%s) and started again", service->life->signal,
		 strsignal(service->life->signal));
	log_say(&service->log, LOG_ERROR, "start", "%s", text);
	store_incident(service->store, "restart", now, now, text);
}

static void take_signals(struct service *service)
{
	struct signalfd_siginfo info;

	while (read(service->signal_fd, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			service->reload = true;
		else
			service->signal = (int)info.ssi_signo;
	}
}

static void take_result(struct service *service, struct error *error)
{
	uint64_t now = monotonic_ns();

	if (error) {
		log_say(&service->log, LOG_ERROR, "store", "%s; keeping "
			"samples in memory and trying again", error->message);
		service->failed_ns = now;
	} else if (service->failed_ns && now - service->failed_ns > TRIED_NS) {
		log_say(&service->log, LOG_NOTICE, "store",
			"the database can be written again");
		service->failed_ns = 0;
	}
	error_destroy(error);
}

static void give_signs_of_life(struct service *service, uint64_t now)
{
	const struct service_options *options = service->options;

	if (options->watchdog_ns &&
	    now - service->watchdog_ns >= options->watchdog_ns) {
		notify_send(options->notify_fd, "WATCHDOG=1");
		service->watchdog_ns = now;
	}
	if (now - service->status_ns >=
	    service->config.status_seconds * NS_PER_SEC) {
		service_status(service);
		service->status_ns = now;
	}
	log_tick(&service->log, now);
}

// Said once: the samples of such a Python are counted.
static void say_unsupported(struct service *service)
{
	const char *text = recorder_unsupported(service->recorder);

	if (text && !service->told_unsupported)
		log_say(&service->log, LOG_WARNING, "python",
			"%s; only its native frames are kept", text);
	service->told_unsupported = text != NULL;
}

static void run_round(struct service *service)
{
	struct pollfd fd = { .fd = service->signal_fd, .events = POLLIN };
	uint64_t now;

	if (poll(&fd, 1, recorder_pause_ms(service->recorder)) > 0)
		take_signals(service);
	take_result(service, recorder_tick(service->recorder));
	if (service->reload)
		service_reload(service);
	service->reload = false;
	now = monotonic_ns();
	if (now - service->vitals_ns >= VITALS_NS) {
		service_vitals(service, now);
		say_unsupported(service);
	}
	if (now - service->give_back_ns >= GIVE_BACK_NS) {
		recorder_give_back(service->recorder);
		service->give_back_ns = now;
	}
	give_signs_of_life(service, now);
}

static int stop(struct service *service)
{
	uint64_t now = monotonic_ns();
	struct error *error;

	notify_send(service->options->notify_fd, "STOPPING=1");
	// What was on the way counts, too.
	recorder_stop(service->recorder);
	service_vitals(service, now);
	error = recorder_finish(service->recorder);
	if (!error) {
		log_say(&service->log, LOG_NOTICE, "stop", "stopped");
		return 0;
	}
	log_say(&service->log, LOG_ERROR, "stop", "%llu samples were not "
		"saved: %s",
		(unsigned long long)recorder_unsaved(service->recorder),
		error->message);
	error_destroy(error);
	return 1;
}

// Begun anew when the memory of a process hung it.
static void work(void *context)
{
	struct service *service = context;

	while (!service->signal)
		run_round(service);
	service->status = stop(service);
}

static int run(struct service *service)
{
	struct governor_limits budget =
		service_governor_limits(&service->config);
	struct error *error = open_signals(service);

	if (!error)
		error = open_recorder(service);
	if (error) {
		log_say(&service->log, LOG_ERROR, "start", "%s",
			error->message);
		error_destroy(error);
		return 1;
	}
	governor_init(&service->governor, &budget);
	service_vitals_start(service, monotonic_ns());
	service->give_back_ns = service->vitals_ns;
	say_started(service);
	service_status(service);
	notify_send(service->options->notify_fd, "READY=1");
	recorder_work(service->recorder, work, service);
	return service->status;
}

int service_run(void *context, const struct broker_life *life)
{
	struct service service = { .options = context,
				   .life = life,
				   .signal_fd = -1 };
	int status;

	keep_heap_small();
	service.config = service.options->config;
	log_init(&service.log);
	service.log.most = service.config.log_debug ? LOG_DEBUG : LOG_INFO;
	status = run(&service);
	recorder_destroy(service.recorder);
	if (service.signal_fd >= 0)
		close(service.signal_fd);
	return status;
}
