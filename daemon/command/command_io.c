// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/service/daemon_db.h"

static error_t parse_io(int key, char *argument, struct argp_state *state)
{
	struct command_io *io = state->input;

	switch (key) {
	case 'b':
		io->db = argument;
		return 0;
	case 'o':
		io->output = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option io_options[] = {
	{ "db", 'b', "FILE", 0,
	  "the profile to read (brindle.db in this folder, else the daemon's)",
	  1 },
	{ "output", 'o', "FILE", 0, "write there instead (-: standard output)",
	  1 },
	{ 0 },
};

static const struct argp io_argp = {
	.options = io_options,
	.parser = parse_io,
};

enum selection_key {
	KEY_FROM = 0x100, KEY_TO, KEY_EVENT, KEY_PROCESS, KEY_THREAD,
	KEY_CGROUP, KEY_USER, KEY_SINCE_BOOT, KEY_GROUP, KEY_GRAIN,
};

static error_t parse_selection(int key, char *argument,
			       struct argp_state *state)
{
	struct command_io *io = state->input;
	struct selection_options *selection = &io->selection;
	const struct {
		int key;
		const char **text;
	} texts[] = {
		{ KEY_FROM, &selection->from },
		{ KEY_TO, &selection->until },
		{ KEY_EVENT, &selection->event },
		{ KEY_PROCESS, &selection->process },
		{ KEY_THREAD, &selection->thread },
		{ KEY_CGROUP, &selection->cgroup },
		{ KEY_USER, &selection->user },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (texts[i].key != key)
			continue;
		*texts[i].text = argument;
		return 0;
	}
	if (key != KEY_SINCE_BOOT)
		return ARGP_ERR_UNKNOWN;
	selection->since_boot = true;
	return 0;
}

static const struct argp_option selection_options[] = {
	{ 0, 0, 0, 0, "Which samples:", 2 },
	{ "from", KEY_FROM, "TIME", 0,
	  "from then on: -1h, -90s, yesterday, 14:30, '2026-11-20 14:30', "
	  "@SECONDS",
	  2 },
	{ "to", KEY_TO, "TIME", 0, "until then (now)", 2 },
	{ "since-boot", KEY_SINCE_BOOT, 0, 0, "since the host was started", 2 },
	{ "event", KEY_EVENT, "NAME", 0, "of this event (the main one)", 2 },
	{ "process", KEY_PROCESS, "NAME|PID", 0,
	  "of processes so named; * and ? match anything", 2 },
	{ "thread", KEY_THREAD, "NAME|TID", 0, "of threads so named", 2 },
	{ "cgroup", KEY_CGROUP, "NAME", 0,
	  "in this control group, container or systemd unit", 2 },
	{ "user", KEY_USER, "NAME|UID", 0, "of this user's processes", 2 },
	{ 0 },
};

static const struct argp selection_argp = {
	.options = selection_options,
	.parser = parse_selection,
};

static const struct argp_option stack_options[] = {
	{ 0, 0, 0, 0, "How stacks are shown:", 3 },
	{ "group", KEY_GROUP, "LABEL,...", 0,
	  "rows at the root that tell whose they are, by process, pid, thread, "
	  "tid, user, cgroup, container, unit, executable or python",
	  3 },
	{ "grain", KEY_GRAIN, "WHAT", 0,
	  "function or line; with line each line of a function is apart "
	  "(function)",
	  3 },
	{ 0 },
};

static error_t parse_stacks(int key, char *argument, struct argp_state *state)
{
	struct command_io *io = state->input;
	struct error *error = NULL;

	switch (key) {
	case KEY_GROUP:
		error = grouping_parse(argument, &io->grouping);
		break;
	case KEY_GRAIN:
		io->split_lines = strcmp(argument, "line") == 0;
		if (!io->split_lines && strcmp(argument, "function") != 0)
			argp_error(state, "--grain is 'function' or 'line', "
					  "not '%s'", argument);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (error)
		argp_error(state, "--%s", error->message);
	return 0;
}

static const struct argp stack_argp = {
	.options = stack_options,
	.parser = parse_stacks,
};

const struct argp_child command_io_children[] = {
	{ &io_argp, 0, 0, 0 },
	{ &selection_argp, 0, 0, 0 },
	{ 0 },
};

const struct argp_child command_stack_children[] = {
	{ &io_argp, 0, 0, 0 },
	{ &selection_argp, 0, 0, 0 },
	{ &stack_argp, 0, 0, 0 },
	{ 0 },
};

error_t command_io_parse(int key, char *argument, struct argp_state *state,
			 struct command_io *io)
{
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = io;
		state->child_inputs[1] = io;
		return 0;
	case ARGP_KEY_ARG:
		// `brindle report other.db` is what everybody types first.
		if (state->arg_num > 0)
			argp_error(state, "one profile at a time");
		io->db = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

error_t command_stack_parse(int key, char *argument, struct argp_state *state,
			    struct command_io *io)
{
	if (key == ARGP_KEY_INIT)
		state->child_inputs[2] = io;
	return command_io_parse(key, argument, state, io);
}

struct error *command_io_find(struct command_io *io)
{
	static const char here[] = "brindle.db";
	_cleanup_free_ char *daemons = NULL;
	const char *found = here;

	if (io->db)
		return NULL;
	daemons = daemon_db_path(NULL);
	if (!daemons)
		return &error_nomem;
	if (access(here, F_OK) != 0)
		found = daemons;
	if (access(found, F_OK) != 0 && errno == ENOENT)
		return error_create(ERROR_NOT_FOUND,
				    "there is no '%s' in this folder, and no "
				    "'%s' of a daemon: `brindle record -- "
				    "COMMAND` makes one, --db names another",
				    here, daemons);
	io->found_db = strdup(found);
	if (!io->found_db)
		return &error_nomem;
	io->db = io->found_db;
	fprintf(stderr, "brindle: reading %s\n", io->db);
	return NULL;
}

static bool is_stdout(const struct command_io *io)
{
	return !io->output || strcmp(io->output, "-") == 0;
}

struct output {
	FILE *file;
	bool created; // it was not there before
};

// What was there is longer, maybe. Devices and pipes have no length.
static void cut_to_length(FILE *file)
{
	struct stat status;
	off_t end = ftello(file);

	if (end >= 0 && !fstat(fileno(file), &status) &&
	    S_ISREG(status.st_mode) && ftruncate(fileno(file), end))
		clearerr(file);
}

// Of what failed before it wrote anything, nothing is to be seen.
static struct error *output_close(const struct output *output, bool failed,
				  bool ended, const char *name)
{
	FILE *file = output->file;
	bool empty = ended && file != stdout && ftello(file) == 0;
	int errnum = failed ? errno : 0;

	if (empty && output->created)
		unlink(name);
	// Buffered bytes meet a full disk only here.
	if (fflush(file))
		errnum = errnum ? errnum : errno;
	if (file != stdout && !empty)
		cut_to_length(file);
	if (file != stdout && fclose(file))
		errnum = errnum ? errnum : errno;
	if (!failed && !errnum)
		return NULL;
	return error_from_errno(errnum ? errnum : EIO, "write %s", name);
}

// `| head` has seen enough. With SIGPIPE we would not come here, but a parent
// may have had it ignored.
static bool reader_went_away(void)
{
	struct pollfd pipe = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 &&
	       of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static struct error *output_open(const struct command_io *io,
				 struct output *ret)
{
	struct output output = { .file = stdout };
	int fd;

	if (is_stdout(io)) {
		*ret = output;
		return NULL;
	}
	if (is_same_file(io->db, io->output))
		return error_create(ERROR_USAGE,
				    "'%s' is the profile itself: writing there "
				    "would destroy it",
				    io->output);
	fd = open(io->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	output.created = fd >= 0;
	// What is there stays until there is something to write.
	if (fd < 0)
		fd = open(io->output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_from_errno(errno, "create '%s'", io->output);
	output.file = fdopen(fd, "w");
	if (!output.file) {
		close(fd);
		return &error_nomem;
	}
	*ret = output;
	return NULL;
}

static struct error *print_profile(const struct command_io *io,
				   struct profile *profile,
				   command_print_fn print, const void *options)
{
	const char *name = is_stdout(io) ? "standard output" : io->output;
	struct error *error, *closing;
	struct output output = { .file = NULL };

	error = output_open(io, &output);
	if (error)
		return error;
	errno = 0;
	error = print(profile, options, output.file);
	closing = output_close(&output, ferror(output.file) != 0, error, name);
	// Of two errors the first is the cause.
	if (error) {
		error_destroy(closing);
		closing = NULL;
	}
	error = error ? error : closing;
	if (error && is_stdout(io) && reader_went_away()) {
		error_destroy(error);
		error = NULL;
	}
	return error;
}

int command_io_run(struct command_io *io, command_print_fn print,
		   const void *options)
{
	struct profile *profile = NULL;
	struct error *error = command_io_find(io);

	if (!error)
		error = profile_open(io->db, &profile);
	if (!error) {
		profile_select(profile, &io->selection);
		profile_group(profile, &io->grouping);
		profile_split_lines(profile, io->split_lines);
		error = print_profile(io, profile, print, options);
	}
	profile_close(profile);
	free(io->found_db);
	io->db = io->found_db = NULL;
	return error ? command_fail(error) : 0;
}

bool command_io_color(const struct command_io *io)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!is_stdout(io) || !isatty(STDOUT_FILENO))
		return false;
	if (no_color && *no_color)
		return false;
	return term && strcmp(term, "dumb") != 0;
}

unsigned int command_io_width(const struct command_io *io)
{
	struct winsize size;

	if (!is_stdout(io) || !isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

unsigned int command_count(struct argp_state *state, const char *option,
			   const char *text)
{
	char *end;
	long count;

	errno = 0;
	count = strtol(text, &end, 10);
	if (errno || end == text || *end || count < 1 || count > 1000000)
		argp_error(state, "%s wants a count from 1 to 1000000, not '%s'",
			   option, text);
	return (unsigned int)count;
}
