// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "daemon/command/browser.h"
#include "daemon/command/command_io.h"
#include "daemon/web/dashboard_link.h"
#include "schema/store/store_lock.h"
#include "web/server/access.h"
#include "web/server/listen.h"
#include "web/server/server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

enum {
	KEY_PORT = 256,
	KEY_ADDRESS,
	KEY_ANYWHERE,
	KEY_HOST,
	KEY_NO_TOKEN,
	KEY_NO_SOURCE,
	KEY_OPEN,
	PORT_MAX = 65535,
};

struct serve_arguments {
	struct command_io io;
	const char *address;
	const char *hosts[ACCESS_HOSTS_MAX + 1];
	size_t host_count;
	uint16_t port;
	bool anywhere, no_token, no_source, open;
};

static uint16_t port_number(struct argp_state *state, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (!*text || *end || *text == '-' || port > PORT_MAX)
		argp_error(state, "--port: a number from 0 to %d was expected, "
			   "not '%s'", PORT_MAX, text);
	return (uint16_t)port;
}

static void add_host(struct serve_arguments *arguments, const char *name,
		     struct argp_state *state)
{
	if (arguments->host_count == ACCESS_HOSTS_MAX)
		argp_error(state, "--host: %d names at most", ACCESS_HOSTS_MAX);
	else
		arguments->hosts[arguments->host_count++] = name;
}

static error_t parse_serve(int key, char *argument, struct argp_state *state)
{
	struct serve_arguments *arguments = state->input;

	switch (key) {
	case 'b':
	case ARGP_KEY_ARG:
		if (arguments->io.db)
			argp_error(state, "one profile is served, not '%s', "
				   "too", argument);
		arguments->io.db = argument;
		return 0;
	case KEY_PORT:
		arguments->port = port_number(state, argument);
		return 0;
	case KEY_ADDRESS:
		arguments->address = argument;
		return 0;
	case KEY_HOST:
		add_host(arguments, argument, state);
		return 0;
	case KEY_ANYWHERE:
		arguments->anywhere = true;
		return 0;
	case KEY_NO_TOKEN:
		arguments->no_token = true;
		return 0;
	case KEY_NO_SOURCE:
		arguments->no_source = true;
		return 0;
	case KEY_OPEN:
		arguments->open = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option serve_options[] = {
	{ "db", 'b', "FILE", 0, "the profile, as FILE alone", 0 },
	{ "port", KEY_PORT, "N", 0, "where to listen (any that is free)", 0 },
	{ "open", KEY_OPEN, 0, 0, "show it in the browser", 0 },
	{ "address", KEY_ADDRESS, "NUMBER", 0, "where to listen (127.0.0.1)",
	  0 },
	{ "anywhere", KEY_ANYWHERE, 0, 0, "let --address be one that other "
					  "hosts can reach", 0 },
	{ "host", KEY_HOST, "NAME", 0, "a name, or NAME:PORT, that browsers "
				       "may call this server by, besides "
				       "localhost; may be repeated", 0 },
	{ "no-token", KEY_NO_TOKEN, 0, 0, "let every user of this host see it",
	  0 },
	{ "no-source", KEY_NO_SOURCE, 0, 0, "do not show source files that the "
					    "profile names", 0 },
	{ 0 },
};

static const struct argp serve_argp = {
	.options = serve_options,
	.parser = parse_serve,
	.args_doc = "[FILE]",
	.doc = "Serves the dashboard for one profile, and prints its address. "
	       "Whoever has the address sees the profile; nobody else does. "
	       "Ctrl-C ends it.\v"
	       "Without FILE it is brindle.db in this folder, or the daemon's "
	       "database. The daemon serves that by itself: see `brindle "
	       "open`.\n",
};

static struct error *watch_signals(int *ret)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret = signalfd(-1, &set, SFD_CLOEXEC);
	return *ret < 0 ? error_from_errno(errno, "make a signalfd") : NULL;
}

// A file that cannot be read is told now, not to the browser.
static struct error *look_at_profile(const char *path)
{
	struct profile *profile = NULL;
	struct error *error = profile_open(path, &profile);

	profile_close(profile);
	return error;
}

static void say_address(const struct serve_arguments *arguments,
			const struct server_options *options)
{
	char link[DASHBOARD_LINK_MAX];

	dashboard_link(arguments->address, options->port,
		       options->sessions ? options->sessions->token.text : NULL,
		       link);
	puts(link);
	fflush(stdout);
	if (arguments->open)
		browser_open(link);
}

static struct error *serve(struct serve_arguments *arguments)
{
	_cleanup_close_ int listener = -1, signals = -1;
	struct server_options options = {
		.database = arguments->io.db,
		.source_files = !arguments->no_source,
		.listeners = &listener,
		.listener_count = 1,
		.port = arguments->port,
		.hosts = arguments->hosts,
	};
	struct error *error = look_at_profile(arguments->io.db);
	pid_t writer = 0;

	if (!error)
		error = store_lock_holder(arguments->io.db, &writer);
	options.live = writer != 0;
	if (!error && !arguments->no_token)
		error = session_table_create(&options.sessions);
	if (!error)
		error = listen_at(arguments->address, &options.port,
				  arguments->anywhere, &listener);
	if (!error)
		error = watch_signals(&signals);
	if (!error) {
		options.stop_fd = signals;
		say_address(arguments, &options);
		error = server_run(&options);
	}
	session_table_destroy(options.sessions);
	return error;
}

int command_serve(int argc, char **argv)
{
	struct serve_arguments arguments = { .address = "127.0.0.1" };
	struct error *error;

	argp_parse(&serve_argp, argc, argv, 0, NULL, &arguments);
	error = command_io_find(&arguments.io);
	if (!error)
		error = serve(&arguments);
	free(arguments.io.found_db);
	return error ? command_fail(error) : 0;
}
