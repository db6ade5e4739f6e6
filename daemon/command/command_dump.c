// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "base/clock.h"
#include "daemon/command/dump_print.h"
#include "daemon/pipeline/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

enum {
	SAMPLE_HZ = 999,
	SAMPLE_MS = 30, // for threads that run: about as many samples
	SETTLE_MS = 3,	// until their records may be taken
	STACK_BYTES = 32768,
};

struct dump_arguments {
	pid_t pid;
	struct dump_style style;
};

static error_t parse_dump(int key, char *argument, struct argp_state *state)
{
	struct dump_arguments *arguments = state->input;
	char *end;
	long pid;

	switch (key) {
	case 'p':
		pid = strtol(argument, &end, 10);
		if (end == argument || *end || pid <= 0 || pid > INT32_MAX)
			argp_error(state, "-p wants a PID, not '%s'", argument);
		arguments->pid = (pid_t)pid;
		return 0;
	case 'j':
		arguments->style.json = true;
		return 0;
	case 'P':
		arguments->style.native = false;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->pid)
			argp_error(state, "whose stacks? -p PID");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

// Threads that are asleep now. One that wakes in between runs, and the timer
// has met it or will at the next try.
static void add_sleeping(struct recorder *recorder, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0)
			recorder_add_sleeping(recorder, pid, tid);
	}
	closedir(dir);
}

static struct error *take_stacks(pid_t pid, const char *path)
{
	struct recorder_options options = {
		.output = path,
		.command = "dump",
		.frequency_hz = SAMPLE_HZ,
		.stack_bytes = STACK_BYTES,
		.pids = &pid,
		.pid_count = 1,
		.realtime = true,
	};
	struct recorder *recorder = NULL;
	struct error *error = recorder_create(&options, &recorder);

	if (error)
		return error;
	error = recorder_start(recorder);
	if (!error) {
		usleep((SAMPLE_MS + SETTLE_MS) * 1000);
		error = recorder_tick(recorder);
		// After it, for code objects that running threads showed.
		add_sleeping(recorder, pid);
	}
	if (!error)
		error = recorder_finish(recorder);
	recorder_destroy(recorder);
	return error;
}

static struct error *print_stacks(const struct dump_arguments *arguments,
				  const char *path)
{
	struct profile *profile = NULL;
	struct error *error = profile_open(path, &profile);

	if (error)
		return error;
	error = dump_print(profile, &arguments->style, stdout);
	profile_close(profile);
	if (error)
		return error_wrap(error, "process %d", (int)arguments->pid);
	return NULL;
}

static struct error *dump(const struct dump_arguments *arguments)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *folder = NULL, *path = NULL;
	struct error *error;

	if (asprintf(&folder, "%s/brindle-dump-XXXXXX",
		     tmp && *tmp ? tmp : "/tmp") < 0)
		return &error_nomem;
	if (!mkdtemp(folder))
		return error_from_errno(errno, "make a folder '%s'", folder);
	if (asprintf(&path, "%s/stacks.db", folder) < 0)
		path = NULL;
	error = path ? take_stacks(arguments->pid, path) : &error_nomem;
	if (!error)
		error = print_stacks(arguments, path);
	if (path)
		unlink(path);
	rmdir(folder);
	return error;
}

// Signals that would end us wait until the folder is gone again.
static struct error *dump_undisturbed(const struct dump_arguments *arguments)
{
	struct error *error;
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, &before);
	error = dump(arguments);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

int command_dump(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "pid", 'p', "PID", 0, "the process", 0 },
		{ "python", 'P', 0, 0, "Python frames only", 0 },
		{ "json", 'j', 0, 0, "print JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_dump,
		.args_doc = "-p PID",
		.doc = "Shows what every thread of a process is doing now: one "
		       "mixed stack each, leaf first, with how far it can be "
		       "trusted. The process is not stopped.\v"
		       "Examples:\n"
		       "  brindle dump -p 4711\n"
		       "  brindle dump -p 4711 --python\n"
		       "  brindle dump -p 4711 --json | jq '.[].frames[0]'\n",
	};
	struct dump_arguments arguments = {
		.style = { .native = true, .color = isatty(STDOUT_FILENO) },
	};
	struct error *error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	error = dump_undisturbed(&arguments);
	return error ? command_fail(error) : 0;
}
