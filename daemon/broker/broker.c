// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/broker.h"

#include "base/clock.h"
#include "daemon/broker/haste.h"
#include "daemon/broker/privilege.h"
#include "daemon/broker/profiler.h"
#include "daemon/broker/remains.h"
#include "daemon/broker/server.h"
#include "daemon/perf/tracepoint.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	PRIORITY_INHERITED = 2, // what capture threads ask for
	PAUSE_FIRST_MS = 100,
	PAUSE_MAX_MS = 30000,
	LIFE_GOOD_MS = 60000, // after that a crash is the first again
	STOP_MS = 10000,
	HASTE_MS = 3000, // of those; a stop takes one or two
	KILL_MS = 2000, // what is left then hangs in a read, and cannot end
	LOOK_MS = 2000, // at a profiler whose end nobody would tell
	REMAINS_MAX = 8,
	END_MS = 200, // for a channel, when the profiler has ended
};

/** One channel, and who serves it. */
struct channel {
	const struct broker_server *server; // borrowed
	int fd;				    // owned
	pthread_t thread;
	bool started;
	bool ended; // atomic; else the thread may hang in an open
};

/** One life of the profiler. */
struct life {
	struct channel *channels[BROKER_CHANNELS_MAX]; // owned
	size_t channel_count;
	bool ended; // no more channels
	pid_t pid;
	uint64_t started_ns;
	uint64_t killed_ns; // when it has to be killed; 0: not asked to stop
	bool killed;
};

struct broker {
	const struct broker_options *options;
	struct broker_server server;
	struct profiler_start start; // for each life
	struct life life;
	pthread_mutex_t lock; // of the life's channels
	struct companion_life companion;
	sigset_t watched, before;
	int signals; // owned; signalfd
	int pause_ms;
	pid_t remains[REMAINS_MAX]; // of profilers, to be reaped; 0: none
	bool stopping;
	uint64_t haste_ns; // when it is over; 0: there is none
};

static void *channel_main(void *argument)
{
	struct channel *channel = argument;
	struct sched_param other = { .sched_priority = 0 };

	prctl(PR_SET_NAME, "broker/open");
	sched_setscheduler(0, SCHED_OTHER, &other);
	broker_serve(channel->server, channel->fd);
	__atomic_store_n(&channel->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

// The profiler's end of a new channel, or a negative errno.
static int make_channel(struct broker *broker)
{
	struct life *life = &broker->life;
	struct channel *channel;
	int ends[2];

	if (life->channel_count == BROKER_CHANNELS_MAX || life->ended)
		return -EMFILE;
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		free(channel);
		return -errno;
	}
	channel->server = &broker->server;
	channel->fd = ends[0];
	life->channels[life->channel_count++] = channel;
	return ends[1];
}

static int serve(struct channel *channel)
{
	int failed = pthread_create(&channel->thread, NULL, channel_main,
				    channel);

	channel->started = !failed;
	return -failed;
}

// Called by a channel's thread, for another that hangs.
static int add_channel(void *context)
{
	struct broker *broker = context;
	struct life *life = &broker->life;
	int fd, failed;

	pthread_mutex_lock(&broker->lock);
	fd = make_channel(broker);
	failed = fd < 0 ? fd : serve(life->channels[life->channel_count - 1]);
	pthread_mutex_unlock(&broker->lock);
	if (failed && fd >= 0)
		close(fd);
	return failed ? failed : fd;
}

static bool has_ended(const struct channel *channel)
{
	return !channel->started ||
	       __atomic_load_n(&channel->ended, __ATOMIC_ACQUIRE);
}

// A thread that hangs in an open is left to itself, with its few bytes.
static void end_channel(struct channel *channel, uint64_t deadline_ns)
{
	while (!has_ended(channel) && monotonic_ns() < deadline_ns)
		usleep(1000);
	if (!has_ended(channel)) {
		pthread_detach(channel->thread);
		return;
	}
	if (channel->started)
		pthread_join(channel->thread, NULL);
	close(channel->fd);
	free(channel);
}

static void end_channels(struct broker *broker)
{
	uint64_t deadline = monotonic_ns() + END_MS * NS_PER_MS;
	struct life *life = &broker->life;

	pthread_mutex_lock(&broker->lock);
	life->ended = true;
	pthread_mutex_unlock(&broker->lock);
	for (size_t i = 0; i < life->channel_count; i++)
		shutdown(life->channels[i]->fd, SHUT_RDWR);
	for (size_t i = 0; i < life->channel_count; i++)
		end_channel(life->channels[i], deadline);
}

static struct error *make_channels(struct broker *broker,
				   int ret_fds[BROKER_CHANNELS])
{
	for (int i = 0; i < BROKER_CHANNELS; i++) {
		int fd = make_channel(broker);

		if (fd < 0)
			return error_from_errno(-fd, "make a socket pair");
		ret_fds[i] = fd;
	}
	return NULL;
}

static void close_all(const int *fds)
{
	for (int i = 0; i < BROKER_CHANNELS; i++)
		if (fds[i] > 0)
			close(fds[i]);
}

// One thread only up to the fork: no lock is held in the child for ever.
static struct error *start_profiler(struct broker *broker)
{
	int fds[BROKER_CHANNELS] = { 0 };
	struct life *life = &broker->life;
	struct error *error;
	int failed = 0;

	*life = (struct life){ .started_ns = monotonic_ns() };
	error = make_channels(broker, fds);
	if (!error)
		life->pid = fork();
	if (!error && life->pid == 0) {
		sigprocmask(SIG_SETMASK, &broker->before, NULL);
		_exit(profiler_main(&broker->start, fds));
	}
	close_all(fds);
	if (error)
		return error;
	if (life->pid < 0)
		return error_from_errno(errno, "fork the profiler");
	for (size_t i = 0; i < BROKER_CHANNELS && !failed; i++)
		failed = serve(life->channels[i]);
	return failed ? error_from_errno(-failed, "start a thread") : NULL;
}

// Each step of a stop, and each answer of ours, would wait for a CPU.
static void begin_haste(struct broker *broker, uint64_t now_ns)
{
	broker->haste_ns = now_ns + HASTE_MS * NS_PER_MS;
	haste_begin(getpid());
	if (broker->life.pid > 0)
		haste_begin(broker->life.pid);
}

static void end_haste(struct broker *broker)
{
	broker->haste_ns = 0;
	haste_end(getpid());
	if (broker->life.pid > 0)
		haste_end(broker->life.pid);
}

// Threads that were not there yet go first, too.
static void keep_haste(struct broker *broker)
{
	if (!broker->haste_ns)
		return;
	if (monotonic_ns() > broker->haste_ns)
		end_haste(broker);
	else
		haste_begin(broker->life.pid);
}

static void pass_on(struct broker *broker, int number)
{
	struct life *life = &broker->life;
	uint64_t now = monotonic_ns();

	if (number != SIGHUP && !broker->stopping) {
		broker->stopping = true;
		life->killed_ns = now + STOP_MS * NS_PER_MS;
		begin_haste(broker, now);
	}
	if (life->pid > 0)
		kill(life->pid, number);
	companion_signal(&broker->companion, number);
}

static void take_signal(struct broker *broker)
{
	struct signalfd_siginfo info;

	if (read(broker->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD)
		pass_on(broker, (int)info.ssi_signo);
}

// A thread that is being made has a lock of the loader's, which a process that is
// forked just then would wait for when it makes one itself. Of malloc() and stdio
// libc takes care.
static int tend_companion(struct broker *broker)
{
	int again_ms;

	pthread_mutex_lock(&broker->lock);
	again_ms = companion_tend(&broker->companion);
	pthread_mutex_unlock(&broker->lock);
	return again_ms;
}

// Waits for a signal for so long, -1: for ever; or until the companion, of which
// there is none once we are to stop, wants to be started again.
static void await_signal(struct broker *broker, int wait_ms)
{
	struct pollfd fd = { .fd = broker->signals, .events = POLLIN };
	int tend_ms = broker->stopping ? -1 : tend_companion(broker);

	if (wait_ms < 0 || (tend_ms >= 0 && tend_ms < wait_ms))
		wait_ms = tend_ms;
	if (poll(&fd, 1, wait_ms) > 0)
		take_signal(broker);
}

// Said once; what it had not written is gone.
static void kill_profiler(struct life *life)
{
	if (!life->killed)
		fprintf(stderr, "<3>brindle: the profiler did not end within "
			"%d s, and is killed; its last samples are lost\n",
			STOP_MS / 1000);
	life->killed = true;
	kill(life->pid, SIGKILL);
}

static void reap_remains(struct broker *broker)
{
	for (size_t i = 0; i < REMAINS_MAX; i++) {
		pid_t *pid = &broker->remains[i];

		if (!*pid || waitpid(*pid, NULL, WNOHANG) != *pid)
			continue;
		if (broker->start.life.ended_writer == *pid)
			broker->start.life.ended_writer = 0;
		*pid = 0;
	}
}

// Too many: then this one is waited for.
static bool leave_remains(struct broker *broker, pid_t pid)
{
	for (size_t i = 0; i < REMAINS_MAX; i++) {
		if (broker->remains[i])
			continue;
		broker->remains[i] = pid;
		broker->start.life.ended_writer = pid;
		fprintf(stderr, "<4>brindle: what is left of the profiler, "
			"process %d, goes when a read of another process's "
			"memory ends; not waiting for it\n", (int)pid);
		return true;
	}
	return false;
}

// Until the profiler has ended: its wait status. When it was to be killed and is
// still there, as if it had been.
static int await_end(struct broker *broker)
{
	struct life *life = &broker->life;
	int status = 0;

	for (;;) {
		if (waitpid(life->pid, &status, WNOHANG) == life->pid)
			return status;
		reap_remains(broker);
		if (remains_hang_in_reads(life->pid, &status) &&
		    leave_remains(broker, life->pid))
			return status;
		await_signal(broker, life->killed_ns ? 100 : LOOK_MS);
		keep_haste(broker);
		if (!life->killed_ns || monotonic_ns() <= life->killed_ns)
			continue;
		kill_profiler(life);
		if (monotonic_ns() > life->killed_ns + KILL_MS * NS_PER_MS)
			return SIGKILL;
	}
}

// Nothing runs meanwhile that a signal could be for but the broker.
static void pause_before_restart(struct broker *broker)
{
	uint64_t until = monotonic_ns() +
			 (uint64_t)broker->pause_ms * NS_PER_MS;

	while (!broker->stopping && monotonic_ns() < until) {
		uint64_t left = (until - monotonic_ns()) / NS_PER_MS;

		if (left > PAUSE_MAX_MS)
			left = 0;
		await_signal(broker, (int)left + 1);
	}
}

static void say_restart(struct broker *broker, int number)
{
	bool sandbox = number == SIGSYS;

	fprintf(stderr, "<3>brindle: the profiler was ended by signal %d (%s)%s;"
		" starting it again in %d ms\n", number, strsignal(number),
		sandbox ? ": it made a system call that it may not make" : "",
		broker->pause_ms);
}

// One life. True: there shall be another.
static bool live(struct broker *broker, struct error **ret_error, int *ret)
{
	struct life *life = &broker->life;
	uint64_t lived_ms;
	int status = 0;

	*ret_error = start_profiler(broker);
	if (*ret_error && life->pid > 0)
		kill(life->pid, SIGKILL);
	if (life->pid > 0)
		status = await_end(broker);
	life->pid = 0;
	end_channels(broker);
	if (*ret_error)
		return false;
	if (WIFEXITED(status)) {
		*ret = WEXITSTATUS(status);
		return false;
	}
	broker->start.life.signal = WTERMSIG(status);
	*ret = 128 + WTERMSIG(status);
	if (broker->stopping)
		return false;
	lived_ms = (monotonic_ns() - life->started_ns) / NS_PER_MS;
	if (lived_ms > LIFE_GOOD_MS)
		broker->pause_ms = PAUSE_FIRST_MS;
	say_restart(broker, WTERMSIG(status));
	return true;
}

static struct error *supervise(struct broker *broker, int *ret)
{
	struct error *error = NULL;

	while (live(broker, &error, ret)) {
		pause_before_restart(broker);
		if (broker->stopping)
			break;
		broker->start.life.restarts++;
		broker->pause_ms *= 2;
		if (broker->pause_ms > PAUSE_MAX_MS)
			broker->pause_ms = PAUSE_MAX_MS;
	}
	return error;
}

static struct error *watch_signals(struct broker *broker)
{
	sigemptyset(&broker->watched);
	sigaddset(&broker->watched, SIGTERM);
	sigaddset(&broker->watched, SIGINT);
	sigaddset(&broker->watched, SIGHUP);
	sigaddset(&broker->watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &broker->watched, &broker->before);
	broker->signals = signalfd(-1, &broker->watched,
				   SFD_CLOEXEC | SFD_NONBLOCK);
	if (broker->signals < 0)
		return error_from_errno(errno, "make a signalfd");
	return NULL;
}

// Real-time priority by limit, or else by inheritance, while root may.
static void prepare_realtime(struct broker *broker)
{
	struct sched_param priority = { .sched_priority = PRIORITY_INHERITED };
	struct privilege_limits limits;

	privilege_raise_limits(&limits);
	if (!limits.realtime)
		broker->start.inherit_realtime =
			!sched_setscheduler(0, SCHED_FIFO, &priority);
}

static struct error *drop_privilege(struct broker *broker)
{
	struct privilege_user user;
	const char *name = broker->options->user ? broker->options->user :
						   PRIVILEGE_USER_DEFAULT;
	bool root = geteuid() == 0;
	struct error *error = root ? privilege_find_user(name, &user) : NULL;

	if (error)
		return error;
	prepare_realtime(broker);
	// Needs root where no tracefs is mounted. Without it the proof takes
	// another way; see perf_features_probe().
	error_destroy(tracepoint_root(&broker->server.tracefs));
	return privilege_become_broker(root ? &user : NULL);
}

struct error *broker_run(const struct broker_options *options,
			 broker_profiler_fn profiler, void *context, int *ret)
{
	struct broker broker = {
		.options = options,
		.server = { .tracefs = -1,
			    .add_channel = add_channel,
			    .context = &broker },
		.start = { .options = options,
			   .function = profiler,
			   .context = context,
			   .life = { .broker_pid = getpid(),
				     .ended_writer = options->ended_writer } },
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.signals = -1,
		.pause_ms = PAUSE_FIRST_MS,
	};
	struct error *error = drop_privilege(&broker);

	if (!error)
		error = watch_signals(&broker);
	if (!error && options->companion)
		error = companion_start(options->companion, &broker.before,
					&broker.companion);
	if (!error) {
		error = supervise(&broker, ret);
		companion_stop(&broker.companion);
		sigprocmask(SIG_SETMASK, &broker.before, NULL);
	}
	if (broker.signals >= 0)
		close(broker.signals);
	if (broker.server.tracefs >= 0)
		close(broker.server.tracefs);
	return error;
}
