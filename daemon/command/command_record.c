// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/priority.h"
#include "daemon/process/child.h"
#include "daemon/perf/perf_record.h"
#include "daemon/command/progress.h"
#include "daemon/pipeline/recorder.h"
#include "daemon/pipeline/recorder_stuck.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

enum {
	RATE_MAX_HZ = 50000,
	STACK_BYTES_MAX = 65528,
	COMMAND_TEXT_MAX = 4096,
	LAST_WAIT_MS = 2000, // for a command that got our Ctrl-C as well
	LAST_WAIT_STEP_MS = 50,
};

enum {
	KEY_KEEP = 256,
	KEY_STACK,
	KEY_NO_REALTIME,
	KEY_SOFTWARE_PROOF,
	KEY_LATE,
};

struct record_arguments {
	struct recorder_options options;
	pid_t *pids; // owned
	size_t pid_count, pid_capacity;
	double seconds; // 0: until the end
	char **command; // NULL: none
	bool keep;	// --keep-samples
	char *samples;	// owned; its file, when none was named
	char text[COMMAND_TEXT_MAX];
};

static unsigned long parse_number(struct argp_state *state, const char *option,
				  const char *text, unsigned long most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || !value || value > most ||
	    *text == '-')
		argp_error(state, "%s wants a number from 1 to %lu, not '%s'",
			   option, most, text);
	return value;
}

static void add_pid(struct record_arguments *arguments,
		    struct argp_state *state, const char *text)
{
	pid_t pid = (pid_t)parse_number(state, "-p", text, INT32_MAX);

	if (!array_reserve_one(arguments->pids, arguments->pid_count,
			       arguments->pid_capacity))
		argp_failure(state, 1, ENOMEM, "-p");
	arguments->pids[arguments->pid_count++] = pid;
}

static double parse_seconds(struct argp_state *state, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0) || seconds > 1e9)
		argp_error(state, "-d wants seconds, such as 10 or 0.5, not "
				  "'%s'", text);
	return seconds;
}

static void check_scope(const struct record_arguments *arguments,
			struct argp_state *state)
{
	int scopes = (arguments->command != NULL) +
		     (arguments->pid_count > 0) +
		     arguments->options.system_wide;

	if (!scopes)
		argp_error(state, "say what to profile: -- COMMAND, -p PID, "
				  "or -a");
	if (scopes > 1)
		argp_error(state, "one of -- COMMAND, -p PID and -a");
}

// FILE may be left out, also when a word follows that begins with '-'. What
// follows otherwise is the file, for a command stands behind "--".
static void set_keep(struct record_arguments *arguments,
		     struct argp_state *state, const char *argument)
{
	const char *next = state->next < state->argc ?
				   state->argv[state->next] :
				   NULL;

	arguments->keep = true;
	if (!argument && next && *next != '-') {
		argument = next;
		state->next++;
	}
	arguments->options.keep_samples = argument;
}

// Beside the profile: brindle.db, brindle.samples.
static void name_samples(struct record_arguments *arguments,
			 struct argp_state *state)
{
	struct recorder_options *options = &arguments->options;
	size_t size = strlen(options->output);

	if (!arguments->keep || options->keep_samples)
		return;
	if (size > 3 && !strcmp(options->output + size - 3, ".db"))
		size -= 3;
	if (asprintf(&arguments->samples, "%.*s.samples", (int)size,
		     options->output) < 0)
		argp_failure(state, 1, ENOMEM, "--keep-samples");
	options->keep_samples = arguments->samples;
}

static error_t parse_record(int key, char *argument, struct argp_state *state)
{
	struct record_arguments *arguments = state->input;
	struct recorder_options *options = &arguments->options;

	switch (key) {
	case 'F':
		options->frequency_hz = (unsigned int)parse_number(
			state, "-F", argument, RATE_MAX_HZ);
		return 0;
	case 'd':
		arguments->seconds = parse_seconds(state, argument);
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case 'p':
		add_pid(arguments, state, argument);
		return 0;
	case 'a':
		options->system_wide = true;
		return 0;
	case 'e':
		options->event = argument;
		return 0;
	case KEY_STACK:
		options->stack_bytes =
			((unsigned int)parse_number(state, "--stack-size",
						    argument,
						    STACK_BYTES_MAX) +
			 7) & ~7u;
		return 0;
	case KEY_KEEP:
		set_keep(arguments, state, argument);
		return 0;
	case KEY_NO_REALTIME:
		options->realtime = false;
		return 0;
	case KEY_SOFTWARE_PROOF:
		options->proof_by_software = true;
		return 0;
	case KEY_LATE:
		options->late_us = (unsigned int)parse_number(
			state, "--test-late-us", argument, 999999);
		return 0;
	case ARGP_KEY_ARGS:
		arguments->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		check_scope(arguments, state);
		name_samples(arguments, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option record_options[] = {
	{ "frequency", 'F', "HZ", 0, "samples a second and CPU (99)", 0 },
	{ "duration", 'd', "SECONDS", 0, "end the recording after this", 0 },
	{ "output", 'o', "FILE", 0, "the profile to write (brindle.db)", 0 },
	{ "pid", 'p', "PID", 0, "attach to a process, its threads and "
				"children; may be repeated", 0 },
	{ "all", 'a', 0, 0, "profile the whole host", 0 },
	{ "event", 'e', "EVENTS", 0,
	  "what to sample by, as a list (cpu-clock); see below", 0 },
	{ "stack-size", KEY_STACK, "BYTES", 0,
	  "stack that the kernel copies (16384; at most 65528)", 0 },
	{ "keep-samples", KEY_KEEP, "FILE", OPTION_ARG_OPTIONAL,
	  "also keep the raw samples, for brindle replay (beside the profile, "
	  "as brindle.samples)", 0 },
	{ "no-realtime", KEY_NO_REALTIME, 0, 0,
	  "do not ask for SCHED_FIFO; fewer samples are proven", 0 },
	{ "proof-by-software", KEY_SOFTWARE_PROOF, 0, OPTION_HIDDEN,
	  "prove without the tracepoint", 0 },
	{ "test-late-us", KEY_LATE, "US", OPTION_HIDDEN,
	  "read the interpreter late", 0 },
	{ 0 },
};

static const struct argp record_argp = {
	.options = record_options,
	.parser = parse_record,
	.args_doc = "-- COMMAND [ARGUMENT...]\n-p PID\n-a",
	.doc = "Samples what runs, with mixed Python and native stacks, into "
	       "a profile. Nothing is stopped, traced or written to.\v"
	       "Examples:\n"
	       "  brindle record -- python3 app.py arg\n"
	       "  brindle record -p 4711 -d 10\n"
	       "  brindle record -a -F 49 -d 60 -o host.db\n"
	       "  brindle record -e cpu-clock,off-cpu -p 4711 -d 10\n\n"
	       "Events; with @HZ at most so many samples a second and CPU:\n"
	       "  cpu-clock     time on a CPU\n"
	       "  off-cpu       time blocked, by the stack that waits\n"
	       "  page-faults   also minor-faults, major-faults\n"
	       "  context-switches, cpu-migrations\n"
	       "  GROUP:NAME    a tracepoint: sched:sched_process_fork,\n"
	       "                syscalls:sys_enter_write@499\n"
	       "  cycles ...    what the PMU counts, by libpfm4's names;\n"
	       "                instructions:u for user code alone\n"
	       "`brindle doctor` says which of them this host has.\n\n"
	       "The exit status of `record -- COMMAND` is the command's.\n",
};

static void join_command(struct record_arguments *arguments)
{
	size_t used = 0;

	for (char **word = arguments->command; word && *word; word++)
		used += (size_t)snprintf(arguments->text + used,
					 used < COMMAND_TEXT_MAX ?
						 COMMAND_TEXT_MAX - used : 0,
					 "%s%s", used ? " " : "", *word);
	for (size_t i = 0; i < arguments->pid_count; i++)
		used += (size_t)snprintf(arguments->text + used,
					 used < COMMAND_TEXT_MAX ?
						 COMMAND_TEXT_MAX - used : 0,
					 "%s%d", used ? " " : "-p ",
					 arguments->pids[i]);
	if (!used)
		snprintf(arguments->text, COMMAND_TEXT_MAX, "-a");
	arguments->options.command = arguments->text;
}

// What ends a recording: a signal, the time, the command, the processes.
struct ending {
	int signal_fd;
	uint64_t end_ns; // UINT64_MAX: no time was given
	struct child *child; // NULL: none
	int *pid_fds; // owned; of the processes attached to
	size_t pid_count;
	int signal; // that ended it, or 0
};

static void open_pid_fds(struct ending *ending,
			 const struct record_arguments *arguments)
{
	if (arguments->command)
		return;
	ending->pid_fds = calloc(arguments->pid_count + 1, sizeof(int));
	if (!ending->pid_fds)
		return;
	for (size_t i = 0; i < arguments->pid_count; i++)
		ending->pid_fds[ending->pid_count++] = (int)syscall(
			SYS_pidfd_open, arguments->pids[i], 0);
}

// A descriptor of a process becomes readable when it ends.
static bool processes_ended(struct ending *ending)
{
	for (size_t i = 0; i < ending->pid_count; i++) {
		struct pollfd fd = { .fd = ending->pid_fds[i],
				     .events = POLLIN };

		if (fd.fd >= 0 && poll(&fd, 1, 0) == 0)
			return false;
	}
	return ending->pid_count > 0;
}

static void take_signal(struct ending *ending)
{
	struct signalfd_siginfo info;

	if (read(ending->signal_fd, &info, sizeof(info)) !=
	    (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD)
		ending->signal = (int)info.ssi_signo;
}

static void wait_for_signal(struct ending *ending, int ms)
{
	struct pollfd fd = { .fd = ending->signal_fd, .events = POLLIN };

	if (poll(&fd, 1, ms) > 0)
		take_signal(ending);
}

static bool has_ended(struct ending *ending, int pause_ms)
{
	wait_for_signal(ending, pause_ms);
	if (ending->signal || monotonic_ns() >= ending->end_ns)
		return true;
	if (ending->child && child_wait(ending->child, false))
		return true;
	return processes_ended(ending);
}

// A failing commit is told once; the samples stay in memory and are tried
// again each second.
static void tell_once(struct error *error, bool *told)
{
	if (error && !*told) {
		fprintf(stderr, "brindle: %s; keeping samples in memory and "
			"trying again\n", error->message);
		*told = true;
	}
	error_destroy(error);
}

struct recording {
	struct recorder *recorder; // borrowed
	struct ending *ending;	   // borrowed
	struct progress progress;
	bool told;
	struct error *error; // of its end
};

// Begun anew when the memory of a process hung it.
static void work(void *context)
{
	struct recording *recording = context;
	struct recorder *recorder = recording->recorder;

	while (!has_ended(recording->ending, recorder_pause_ms(recorder))) {
		tell_once(recorder_tick(recorder), &recording->told);
		progress_update(&recording->progress, recorder);
	}
	progress_clear(&recording->progress);
	recording->error = recorder_finish(recorder);
}

static struct error *run_recording(struct recorder *recorder,
				   struct ending *ending, const char *output)
{
	struct recording recording = { .recorder = recorder,
				       .ending = ending };

	progress_init(&recording.progress, stderr);
	recorder_work(recorder, work, &recording);
	if (recording.error)
		return error_wrap(recording.error,
				  "%llu samples were not saved",
				  (unsigned long long)recorder_unsaved(recorder));
	if (recorder_unsupported(recorder))
		fprintf(stderr, "brindle: %s; only its native frames are "
			"kept\n", recorder_unsupported(recorder));
	progress_summary(&recording.progress, recorder, output);
	return NULL;
}

static struct error *record(struct record_arguments *arguments,
			    struct ending *ending, int *ret_exec_errno)
{
	struct recorder *recorder = NULL;
	struct error *error;

	*ret_exec_errno = 0;
	// A command that it starts is in this session, too, and shall run as it
	// would without.
	if (!ending->child)
		priority_of_own_session(RECORDER_NICE);
	error = recorder_create(&arguments->options, &recorder);
	if (error)
		return error;
	if (recorder_note(recorder))
		fprintf(stderr, "brindle: %s\n", recorder_note(recorder));
	error = recorder_start(recorder);
	if (!error && ending->child)
		error = child_release(ending->child, ret_exec_errno);
	if (arguments->seconds > 0)
		ending->end_ns = monotonic_ns() +
				 (uint64_t)(arguments->seconds * NS_PER_SEC);
	open_pid_fds(ending, arguments);
	if (!error)
		error = run_recording(recorder, ending,
				      arguments->options.output);
	recorder_destroy(recorder);
	return error;
}

// A command outlives its recording when a time was given: it is waited for,
// never ended. After a signal, which a terminal sends to both, not for long.
static int status_of_command(struct ending *ending)
{
	struct child *child = ending->child;

	while (!ending->signal && !child_wait(child, false))
		wait_for_signal(ending, -1);
	for (int ms = 0; ms < LAST_WAIT_MS && !child_wait(child, false);
	     ms += LAST_WAIT_STEP_MS)
		usleep(LAST_WAIT_STEP_MS * 1000);
	return child->reaped ? child_exit_status(child) : 128 + ending->signal;
}

static void block_signals(sigset_t *ret_before, int *ret_fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, ret_before);
	// A reader of our messages that leaves, a file that grows too large:
	// both show as errors of write(2), and end nothing.
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// A word that is mistyped shall not cost the profile that is there.
static int record_and_report(struct record_arguments *arguments,
			     struct ending *ending)
{
	struct error *error = NULL;
	int exec_errno = 0;

	if (arguments->command)
		exec_errno = child_find(arguments->command[0]);
	if (!exec_errno)
		error = record(arguments, ending, &exec_errno);
	if (exec_errno) {
		error_destroy(error);
		fprintf(stderr, "brindle: run '%s': %s\n",
			arguments->command[0], strerror(exec_errno));
		return exec_errno == ENOENT ? 127 : 126;
	}
	if (error)
		return command_fail(error);
	return ending->child ? status_of_command(ending) : 0;
}

int command_record(int argc, char **argv)
{
	struct record_arguments arguments = {
		.options = { .output = "brindle.db",
			     .frequency_hz = 99,
			     .stack_bytes = 16384,
			     .realtime = true },
	};
	struct child child = { .go_fd = -1, .failed_fd = -1 };
	struct ending ending = { .end_ns = UINT64_MAX };
	sigset_t before;
	int status;

	argp_parse(&record_argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
	join_command(&arguments);
	block_signals(&before, &ending.signal_fd);
	if (arguments.command) {
		struct error *error =
			child_create(arguments.command, &before, &child);

		if (error)
			return command_fail(error);
		ending.child = &child;
		arguments.options.enable_on_exec = true;
	}
	arguments.options.pids = arguments.command ? &child.pid :
						     arguments.pids;
	arguments.options.pid_count = arguments.command ? 1 :
							  arguments.pid_count;
	status = record_and_report(&arguments, &ending);
	child_deinit(&child);
	free(ending.pid_fds);
	free(arguments.samples);
	free(arguments.pids);
	return status;
}
