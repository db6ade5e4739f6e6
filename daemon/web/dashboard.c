// SPDX-License-Identifier: Apache-2.0
#include "daemon/web/dashboard.h"

#include "daemon/web/dashboard_link.h"
#include "daemon/web/dashboard_server.h"
#include "base/clock.h"
#include "web/server/listen.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

enum {
	PAUSE_FIRST_MS = 100,
	PAUSE_MAX_MS = 10000,
	LIFE_GOOD_MS = 10000, // after that a failure is the first again
	STOP_MS = 2000,
};

/** The companion: it starts servers, one after the other. */
struct keeper {
	struct dashboard *dashboard; // borrowed
	sigset_t watched, before;
	pid_t pid;	     // of the server; 0: none
	uint64_t started_ns; // when
	int pause_ms;	     // before the next
	bool stopping;
};

static void say(const char *level, const char *text)
{
	fprintf(stderr, "<%s>brindle: the dashboard: %s\n", level, text);
}

// Who knows the address can come without it.
static void publish(const struct dashboard *dashboard)
{
	const struct config *config = &dashboard->config;
	const struct session_table *sessions = dashboard->sessions;
	char link[DASHBOARD_LINK_MAX];
	struct error *error;

	dashboard_link(config->web_address, dashboard->port,
		       sessions ? sessions->token.text : NULL, link);
	error = dashboard_link_write(config->db, link);
	if (error)
		say("4", error->message);
	error_destroy(error);
}

static struct error *start_server(struct keeper *keeper)
{
	pid_t parent = getpid();

	publish(keeper->dashboard);
	keeper->started_ns = monotonic_ns();
	keeper->pid = fork();
	if (keeper->pid < 0)
		return error_from_errno(errno, "fork");
	if (keeper->pid == 0) {
		sigprocmask(SIG_SETMASK, &keeper->before, NULL);
		_exit(dashboard_serve(keeper->dashboard, parent));
	}
	return NULL;
}

// A wrong configuration keeps the old one; the profiler tells about it.
static void reload(struct keeper *keeper)
{
	struct dashboard *dashboard = keeper->dashboard;
	struct config config;
	struct error *error = service_read_config(dashboard->service, false,
						  &config);

	// What needs the daemon to start again stays as it is.
	if (!error) {
		memcpy(dashboard->config.web_hosts, config.web_hosts,
		       sizeof(config.web_hosts));
		memcpy(dashboard->config.web_users, config.web_users,
		       sizeof(config.web_users));
	}
	if (!error && keeper->pid > 0)
		kill(keeper->pid, SIGTERM);
	error_destroy(error);
}

// What comes within @wait_ms; 0: nothing.
static int take_signal(struct keeper *keeper, uint64_t wait_ms)
{
	struct timespec wait = { .tv_sec = (time_t)(wait_ms / 1000),
				 .tv_nsec = (long)(wait_ms % 1000 * NS_PER_MS) };
	int number = sigtimedwait(&keeper->watched, NULL, &wait);

	if (number == SIGTERM || number == SIGINT)
		keeper->stopping = true;
	if (number == SIGHUP)
		reload(keeper);
	return number > 0 ? number : 0;
}

// Its wait status.
static int await_end(struct keeper *keeper)
{
	uint64_t deadline = 0;
	int status;

	for (;;) {
		if (waitpid(keeper->pid, &status, WNOHANG) == keeper->pid)
			return status;
		if (keeper->stopping && !deadline) {
			deadline = monotonic_ns() + STOP_MS * NS_PER_MS;
			kill(keeper->pid, SIGTERM);
		}
		if (deadline && monotonic_ns() > deadline)
			kill(keeper->pid, SIGKILL);
		take_signal(keeper, deadline ? 20 : 60000);
	}
}

static void say_end(const struct keeper *keeper, int status)
{
	char text[160];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "it was ended by signal %d (%s)%s; "
			 "starting it again in %d ms", WTERMSIG(status),
			 strsignal(WTERMSIG(status)),
			 WTERMSIG(status) == SIGSYS ? ": it made a system call "
			 "that it may not make" : "", keeper->pause_ms);
	else
		snprintf(text, sizeof(text), "starting it again in %d ms",
			 keeper->pause_ms);
	say("3", text);
}

static void pause_after_failure(struct keeper *keeper, int status)
{
	uint64_t until;

	if (monotonic_ns() - keeper->started_ns > LIFE_GOOD_MS * NS_PER_MS)
		keeper->pause_ms = PAUSE_FIRST_MS;
	say_end(keeper, status);
	until = monotonic_ns() + (uint64_t)keeper->pause_ms * NS_PER_MS;
	while (!keeper->stopping && monotonic_ns() < until)
		take_signal(keeper, (until - monotonic_ns()) / NS_PER_MS + 1);
	keeper->pause_ms *= 2;
	if (keeper->pause_ms > PAUSE_MAX_MS)
		keeper->pause_ms = PAUSE_MAX_MS;
}

static void keep_serving(struct keeper *keeper)
{
	while (!keeper->stopping) {
		struct error *error = start_server(keeper);
		int status = error ? 1 << 8 : await_end(keeper);

		if (error)
			say("3", error->message);
		error_destroy(error);
		keeper->pid = 0;
		if (status && !keeper->stopping)
			pause_after_failure(keeper, status);
	}
}

static int keeper_run(void *context)
{
	struct keeper keeper = { .dashboard = context,
				 .pause_ms = PAUSE_FIRST_MS };

	sigemptyset(&keeper.watched);
	sigaddset(&keeper.watched, SIGTERM);
	sigaddset(&keeper.watched, SIGINT);
	sigaddset(&keeper.watched, SIGHUP);
	sigaddset(&keeper.watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &keeper.watched, &keeper.before);
	keep_serving(&keeper);
	dashboard_link_remove(keeper.dashboard->config.db);
	return 0;
}

static struct error *listen_as_configured(struct dashboard *dashboard)
{
	const struct config *config = &dashboard->config;
	struct error *error;

	dashboard->port = (uint16_t)config->web_port;
	dashboard->listener_count = listen_inherited(
		dashboard->listeners, DASHBOARD_LISTENERS_MAX,
		&dashboard->port);
	if (dashboard->listener_count)
		return NULL;
	error = listen_at(config->web_address, &dashboard->port,
			  config->web_anywhere, &dashboard->listeners[0]);
	if (error)
		return error;
	dashboard->listener_count = 1;
	if (!*config->web_socket)
		return NULL;
	error = listen_locally(config->web_socket, &dashboard->listeners[1]);
	if (!error)
		dashboard->listener_count = 2;
	return error;
}

bool dashboard_open(struct dashboard *dashboard,
		    const struct service_options *service)
{
	struct error *error = NULL;

	*dashboard = (struct dashboard){ .service = service,
					 .config = service->config,
					 .listeners = { -1, -1 } };
	if (!service->config.web_enabled)
		return false;
	error = listen_as_configured(dashboard);
	if (!error && service->config.web_token)
		error = session_table_create(&dashboard->sessions);
	if (error) {
		say("4", error->message);
		say("4", "there is none; sampling goes on without it");
		error_destroy(error);
		dashboard_close(dashboard);
		return false;
	}
	dashboard->companion = (struct companion){
		.name = "brindle-web",
		.run = keeper_run,
		.context = dashboard,
		.kept_fds = dashboard->listeners,
		.kept_fd_count = dashboard->listener_count,
	};
	return true;
}

void dashboard_close(struct dashboard *dashboard)
{
	for (size_t i = 0; i < dashboard->listener_count; i++)
		close(dashboard->listeners[i]);
	dashboard->listener_count = 0;
	session_table_destroy(take_ptr(dashboard->sessions));
}
