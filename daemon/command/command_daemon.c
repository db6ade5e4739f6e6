// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/broker.h"
#include "daemon/broker/remains.h"
#include "daemon/command/command.h"
#include "daemon/service/notify.h"
#include "daemon/service/service.h"
#include "daemon/web/dashboard.h"
#include "schema/store/store_lock.h"

#include <libgen.h>
#include <signal.h>
#include <string.h>

enum { KEY_PRINT = 256, KEY_CHECK, KEY_FOREGROUND, KEY_USER };

struct daemon_arguments {
	struct service_options service;
	const char *user;     // NULL: the configuration's
	bool named;	      // --config: the file must be there
	bool print, check;    // instead of running
};

static error_t parse_daemon(int key, char *argument, struct argp_state *state)
{
	struct daemon_arguments *arguments = state->input;

	switch (key) {
	case 'c':
		arguments->service.config_path = argument;
		arguments->named = true;
		return 0;
	case 'b':
		arguments->service.db = argument;
		return 0;
	case 'F':
		arguments->service.frequency_hz = argument;
		return 0;
	case KEY_USER:
		arguments->user = argument;
		return 0;
	case KEY_PRINT:
		arguments->print = true;
		return 0;
	case KEY_CHECK:
		arguments->check = true;
		return 0;
	case KEY_FOREGROUND:
		return 0; // there is no other way
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected '%s'", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option daemon_options[] = {
	{ "config", 'c', "FILE", 0, "configuration "
				    "(" CONFIG_PATH_DEFAULT ", if there)", 0 },
	{ "db", 'b', "FILE", 0, "the database "
				"(/var/lib/brindle/brindle.db)", 0 },
	{ "frequency", 'F', "HZ", 0, "samples a second and CPU (99)", 0 },
	{ "user", KEY_USER, "NAME", 0, "whom to become when started as root "
				       "(brindle)", 0 },
	{ "foreground", KEY_FOREGROUND, 0, 0, "stay in the foreground; it "
					      "always does", 0 },
	{ "check-config", KEY_CHECK, 0, 0, "read the configuration and say "
					   "whether it is right", 0 },
	{ "print-config", KEY_PRINT, 0, 0, "print the default configuration, "
					   "every key explained", 0 },
	{ 0 },
};

static const struct argp daemon_argp = {
	.options = daemon_options,
	.parser = parse_daemon,
	.doc = "Profiles the whole host, all the time, into a database that "
	       "stays small. SIGTERM ends it, SIGHUP has it read its "
	       "configuration again.\v"
	       "It runs as processes without root: the broker, with the "
	       "capabilities CAP_PERFMON, CAP_SYS_PTRACE, "
	       "CAP_DAC_READ_SEARCH, CAP_CHECKPOINT_RESTORE and CAP_SYSLOG, "
	       "and the profiler and the dashboard's server, with none. "
	       "brindled.service starts it so. "
	       "`brindle status` says how it is.\n",
};

static int print_config(void)
{
	config_print_default(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int check_config(const struct daemon_arguments *arguments)
{
	printf("%s: right\n", arguments->service.config_path);
	return 0;
}

// Before any thread is made: one that left them open would be ended by them.
// Broker and service take them from descriptors.
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

// Of a daemon that was killed while its profiler hung in a read.
static pid_t find_ended_writer(const char *db)
{
	pid_t holder = 0;

	error_destroy(store_lock_holder(db, &holder));
	return holder && remains_hang_in_reads(holder, NULL) ? holder : 0;
}

static int run_daemon(struct daemon_arguments *arguments)
{
	struct service_options *service = &arguments->service;
	const char *const readable[] = { service->config_path, NULL };
	char folder[CONFIG_TEXT_MAX];
	struct dashboard dashboard;
	struct broker_options options = {
		.user = arguments->user ? arguments->user :
					  service->config.user,
		.readable = readable,
		.kept_fds = &service->notify_fd,
	};
	struct error *error;
	int status = 1;

	block_signals();
	memcpy(folder, service->config.db, sizeof(folder));
	options.state_folder = dirname(folder);
	service->watchdog_ns = notify_watchdog_ns();
	service->notify_fd = notify_open();
	options.kept_fd_count = service->notify_fd >= 0;
	options.ended_writer = find_ended_writer(service->config.db);
	if (dashboard_open(&dashboard, service))
		options.companion = &dashboard.companion;
	error = broker_run(&options, service_run, service, &status);
	dashboard_close(&dashboard);
	return error ? command_fail(error) : status;
}

int command_daemon(int argc, char **argv)
{
	struct daemon_arguments arguments = {
		.service = { .config_path = CONFIG_PATH_DEFAULT,
			     .notify_fd = -1 },
	};
	struct error *error;

	argp_parse(&daemon_argp, argc, argv, 0, NULL, &arguments);
	if (arguments.print)
		return print_config();
	error = service_read_config(&arguments.service, !arguments.named,
				    &arguments.service.config);
	if (error)
		return command_fail(error);
	if (arguments.check)
		return check_config(&arguments);
	return run_daemon(&arguments);
}
