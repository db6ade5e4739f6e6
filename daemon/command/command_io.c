// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

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
	{ "db", 'b', "FILE", 0, "the profile to read (brindle.db)", 1 },
	{ "output", 'o', "FILE", 0, "write there instead (-: standard output)",
	  1 },
	{ 0 },
};

const struct argp command_io_argp = {
	.options = io_options,
	.parser = parse_io,
};

static bool is_stdout(const struct command_io *io)
{
	return !io->output || strcmp(io->output, "-") == 0;
}

static struct error *output_close(FILE *out, bool failed, const char *name)
{
	int errnum = failed ? errno : 0;

	// Buffered bytes meet a full disk only here.
	if (out == stdout ? fflush(out) : fclose(out))
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

static struct error *output_open(const struct command_io *io, FILE **ret)
{
	FILE *out;

	if (is_stdout(io)) {
		*ret = stdout;
		return NULL;
	}
	if (is_same_file(io->db, io->output))
		return error_create(ERROR_USAGE,
				    "'%s' is the profile itself: writing there "
				    "would destroy it",
				    io->output);
	out = fopen(io->output, "we");
	if (!out)
		return error_from_errno(errno, "create '%s'", io->output);
	*ret = out;
	return NULL;
}

static struct error *print_profile(const struct command_io *io,
				   struct profile *profile,
				   command_print_fn print, const void *options)
{
	const char *name = is_stdout(io) ? "standard output" : io->output;
	struct error *error, *closing;
	FILE *out = NULL;

	error = output_open(io, &out);
	if (error)
		return error;
	errno = 0;
	error = print(profile, options, out);
	closing = output_close(out, ferror(out) != 0, name);
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

int command_io_run(const struct command_io *io, command_print_fn print,
		   const void *options)
{
	struct profile *profile;
	struct error *error = profile_open(io->db, &profile);

	if (error)
		return command_fail(error);
	error = print_profile(io, profile, print, options);
	profile_close(profile);
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
