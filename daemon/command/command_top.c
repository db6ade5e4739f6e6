// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/top/top_live.h"
#include "daemon/top/top_print.h"
#include "daemon/top/top_screen.h"

enum {
	RATE_MAX_HZ = 50000,
	READ_EACH_MS = 500,
	KEY_WAIT_MS = 100,
	WINDOW_MAX_S = 60,
	SETTLE_S = 1, // an own recording begins within a second
};

enum {
	KEY_ONCE = 256,
	KEY_JSON,
	KEY_THREAD,
	KEY_CGROUP,
	KEY_USER,
	KEY_LANGUAGE,
	KEY_BY,
	KEY_VIEW,
};

struct top_arguments {
	struct top_live_options live;
	struct top_state state;
	pid_t *pids; // owned
	size_t pid_count, pid_capacity;
	size_t rows;
	bool once, json;
};

static unsigned long parse_number(struct argp_state *state, const char *option,
				  const char *text, unsigned long least,
				  unsigned long most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most ||
	    *text == '-')
		argp_error(state, "%s wants a number from %lu to %lu, not '%s'",
			   option, least, most, text);
	return value;
}

static unsigned int parse_word(struct argp_state *state, const char *option,
			       const char *text, const char *const *words,
			       unsigned int count)
{
	char known[128] = "";

	for (unsigned int i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
		snprintf(known + strlen(known), sizeof(known) - strlen(known),
			 "%s%s", i ? ", " : "", words[i]);
	}
	argp_error(state, "%s wants one of %s, not '%s'", option, known, text);
	return 0;
}

static void add_pid(struct top_arguments *arguments, struct argp_state *state,
		    const char *text)
{
	pid_t pid = (pid_t)parse_number(state, "-p", text, 1, INT32_MAX);

	if (arguments->pid_count)
		argp_error(state, "one -p only; --process takes patterns");
	if (!array_reserve_one(arguments->pids, arguments->pid_count,
			       arguments->pid_capacity))
		argp_failure(state, 1, ENOMEM, "-p");
	arguments->pids[arguments->pid_count++] = pid;
}

static error_t parse_filter(int key, char *argument,
			    struct selection_options *selection)
{
	switch (key) {
	case 'P':
		selection->process = argument;
		return 0;
	case 'e':
		selection->event = argument;
		return 0;
	case KEY_THREAD:
		selection->thread = argument;
		return 0;
	case KEY_CGROUP:
		selection->cgroup = argument;
		return 0;
	case KEY_USER:
		selection->user = argument;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_view(int key, char *argument, struct argp_state *state,
			  struct top_view *view)
{
	static const char *const languages[] = { "all", "python", "native",
						 "kernel" };
	static const char *const sorts[] = { "self", "total", "trend", "name" };
	static const char *const subjects[] = { "functions", "processes",
						"threads" };

	switch (key) {
	case 'w':
		view->window_s = (unsigned int)parse_number(
			state, "-w", argument, 0, WINDOW_MAX_S);
		return 0;
	case KEY_LANGUAGE:
		view->language = parse_word(state, "--language", argument,
					    languages, 4);
		return 0;
	case KEY_BY:
		view->sort = parse_word(state, "--sort", argument, sorts, 4);
		return 0;
	case KEY_VIEW:
		view->subject = parse_word(state, "--view", argument, subjects,
					   3);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_top(int key, char *argument, struct argp_state *state)
{
	struct top_arguments *arguments = state->input;

	switch (key) {
	case 'p':
		add_pid(arguments, state, argument);
		return 0;
	case 'b':
		arguments->live.db = argument;
		return 0;
	case 'F':
		arguments->live.frequency_hz = (unsigned int)parse_number(
			state, "-F", argument, 1, RATE_MAX_HZ);
		return 0;
	case 'n':
		arguments->rows = parse_number(state, "-n", argument, 1,
					       1000000);
		return 0;
	case KEY_ONCE:
		arguments->once = true;
		return 0;
	case KEY_JSON:
		arguments->once = arguments->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much; --process NAME filters",
			   argument);
		return 0;
	}
	if (parse_filter(key, argument, &arguments->live.selection) == 0)
		return 0;
	return parse_view(key, argument, state, &arguments->state.view);
}

static const struct argp_option top_options[] = {
	{ "pid", 'p', "PID", 0, "only this process; where no daemon runs, and "
				"its children", 0 },
	{ "db", 'b', "FILE", 0, "the profile to read (the daemon's, or a "
				"recording of its own)", 0 },
	{ "frequency", 'F', "HZ", 0, "samples a second and CPU of an own "
				     "recording (99)", 0 },
	{ "process", 'P', "NAME|PID", 0, "only these processes; * and ? match",
	  1 },
	{ "thread", KEY_THREAD, "NAME|TID", 0, "only these threads", 1 },
	{ "cgroup", KEY_CGROUP, "NAME", 0, "only this cgroup, container or "
					   "unit", 1 },
	{ "user", KEY_USER, "NAME|UID", 0, "only this user's", 1 },
	{ "event", 'e', "NAME", 0, "what was sampled by", 1 },
	{ "view", KEY_VIEW, "WHAT", 0, "functions, processes or threads", 2 },
	{ "language", KEY_LANGUAGE, "WHICH", 0, "all, python, native or "
						"kernel", 2 },
	{ "sort", KEY_BY, "ORDER", 0, "self, total, trend or name", 2 },
	{ "window", 'w', "SECONDS", 0, "how far to look back (5); 0: to the "
				       "start", 2 },
	{ "once", KEY_ONCE, 0, 0, "print one table and end, as when the output "
				  "is no terminal", 3 },
	{ "json", KEY_JSON, 0, 0, "the same, as JSON", 3 },
	{ "rows", 'n', "N", 0, "rows of that table (30)", 3 },
	{ 0 },
};

static const struct argp top_argp = {
	.options = top_options,
	.parser = parse_top,
	.doc = "Shows live where the time goes, function by function, Python, "
	       "native code and the kernel in one. Reads what the daemon "
	       "records; where none runs, it records by itself.\v"
	       "Keys: ? lists them.\n\n"
	       "Examples:\n"
	       "  brindle top\n"
	       "  brindle top -p 4711 --language python\n"
	       "  brindle top --once --view processes -n 10\n",
};

struct running {
	struct top_arguments *arguments;
	struct top_live *live;	   // owned
	struct top_screen *screen; // owned; NULL: --once
	struct top_model model;
	struct top_shown shown;
	char message[256];
	int signal_fd;
	bool unicode;
};

static struct top_scene scene_of(const struct running *running)
{
	return (struct top_scene){
		.model = &running->model,
		.head = top_live_head(running->live),
		.shown = &running->shown,
		.source = top_live_source(running->live),
		.message = running->message[0] ? running->message : NULL,
	};
}

static struct error *refresh_rows(struct running *running)
{
	struct top_shown shown;
	struct error *error;

	error = top_shown_make(&running->model, &running->arguments->state,
			       &shown);
	if (error)
		return error;
	top_shown_deinit(&running->shown);
	running->shown = shown;
	return NULL;
}

static void draw(struct running *running)
{
	struct top_scene scene = scene_of(running);
	struct top_page page;

	top_page_init(&page, top_screen_width(running->screen),
		      running->unicode);
	top_draw(&page, &scene, &running->arguments->state,
		 top_screen_height(running->screen));
	top_screen_show(running->screen, &page);
	top_page_deinit(&page);
}

// What fails is told and tried again: files are replaced, disks fill.
static bool step(struct running *running, bool want)
{
	_cleanup_error_ struct error *error = NULL;

	want = want && !running->arguments->state.paused;
	error = top_live_step(running->live, &running->model, want);
	if (want || error)
		snprintf(running->message, sizeof(running->message), "%s",
			 error ? error->message : "");
	return want;
}

static bool take_keys(struct running *running)
{
	struct top_state *state = &running->arguments->state;
	bool any = false;
	int key;

	while ((key = top_screen_key(running->screen)) >= 0) {
		any = true;
		if (key != top_screen_resize_key())
			top_state_key(state, &running->shown, key);
		if (state->quit)
			break;
		// The next key means what it shows then.
		error_destroy(refresh_rows(running));
	}
	return any;
}

static bool was_signalled(struct running *running, int ms)
{
	struct pollfd fds[] = {
		{ .fd = running->signal_fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	if (poll(fds, running->screen ? 2 : 1, ms) <= 0)
		return false;
	// A terminal that is gone says so for ever.
	return fds[0].revents || (fds[1].revents & (POLLHUP | POLLERR));
}

static struct error *run_screen(struct running *running)
{
	struct top_state *state = &running->arguments->state;
	uint64_t read_ns = 0;
	struct error *error = top_screen_open(&running->screen);

	while (!error && !state->quit) {
		bool due = monotonic_ns() >= read_ns;
		bool changed = step(running, due);

		if (due)
			read_ns = monotonic_ns() + READ_EACH_MS * NS_PER_MS;
		changed |= take_keys(running);
		if (changed)
			error = refresh_rows(running);
		if (changed && !error)
			draw(running);
		if (was_signalled(running, top_live_pause_ms(running->live,
							     KEY_WAIT_MS)))
			break;
	}
	top_screen_close(take_ptr(running->screen));
	return error;
}

// An own recording lasts as long as the window; since the start: as by default.
static struct error *record_window(struct running *running)
{
	unsigned int window_s = running->arguments->state.view.window_s;
	uint64_t end_ns = monotonic_ns() +
			  ((window_s ? window_s : 5) + SETTLE_S) * NS_PER_SEC;
	struct error *error = NULL;

	while (!error && monotonic_ns() < end_ns) {
		error = top_live_step(running->live, &running->model, false);
		if (was_signalled(running, top_live_pause_ms(running->live,
							     KEY_WAIT_MS)))
			break;
	}
	return error ? error : top_live_finish(running->live);
}

static struct error *run_once(struct running *running)
{
	struct top_arguments *arguments = running->arguments;
	struct top_scene scene;
	struct error *error = NULL;

	if (top_live_records(running->live))
		error = record_window(running);
	if (!error)
		error = top_live_read(running->live, &running->model);
	if (!error)
		error = refresh_rows(running);
	if (error)
		return error;
	scene = scene_of(running);
	return arguments->json ? top_print_json(&scene, &arguments->state,
						arguments->rows, stdout) :
				 top_print_text(&scene, &arguments->state,
						arguments->rows, stdout);
}

// The recorder's threads inherit the mask: signals come to us.
static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static struct error *run(struct top_arguments *arguments)
{
	struct running running = { .arguments = arguments };
	struct error *error;

	// Only characters: numbers keep their point.
	setlocale(LC_CTYPE, "");
	running.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	running.signal_fd = open_signals();
	error = top_model_init(&running.model);
	if (!error)
		error = top_live_open(&arguments->live, &running.live);
	if (!error)
		error = arguments->once ? run_once(&running) :
					  run_screen(&running);
	top_live_close(running.live);
	top_shown_deinit(&running.shown);
	top_model_deinit(&running.model);
	if (running.signal_fd >= 0)
		close(running.signal_fd);
	return error;
}

int command_top(int argc, char **argv)
{
	struct top_arguments arguments = {
		.live = { .frequency_hz = 99 },
		.rows = 30,
	};
	struct error *error;

	top_state_init(&arguments.state);
	argp_parse(&top_argp, argc, argv, 0, NULL, &arguments);
	arguments.live.pids = arguments.pids;
	arguments.live.pid_count = arguments.pid_count;
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		arguments.once = true;
	error = run(&arguments);
	free(arguments.pids);
	return error ? command_fail(error) : 0;
}
