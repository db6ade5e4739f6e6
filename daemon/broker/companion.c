// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/companion.h"

#include "base/clock.h"
#include "daemon/broker/descriptors.h"
#include "daemon/broker/privilege.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
	STOP_MS = 3000,
	PAUSE_FIRST_MS = 100,
	PAUSE_MAX_MS = 30000,
	LIFE_GOOD_MS = 60000, // after that a crash is the first again
};

// The broker may be real-time, and have taken a better place in the queue.
static void be_ordinary(void)
{
	struct sched_param other = { .sched_priority = 0 };

	sched_setscheduler(0, SCHED_OTHER, &other);
	setpriority(PRIO_PROCESS, 0, 0);
}

static struct error *become(const struct companion *companion, pid_t broker)
{
	struct error *error = descriptors_close_others(
		companion->kept_fds, companion->kept_fd_count);

	prctl(PR_SET_NAME, companion->name);
	be_ordinary();
	if (!error)
		error = privilege_drop_all();
	if (!error && prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
		error = error_from_errno(errno, "ask for the broker's end");
	if (!error && getppid() != broker)
		error = error_create(ERROR_SYSTEM, "the broker has gone");
	return error;
}

static struct error *start(struct companion_life *life)
{
	const struct companion *companion = life->companion;
	pid_t broker = getpid(), pid = fork();
	struct error *error;

	if (pid < 0)
		return error_from_errno(errno, "fork %s", companion->name);
	life->pid = pid;
	life->started_ns = monotonic_ns();
	life->again_ns = 0;
	if (pid)
		return NULL;
	sigprocmask(SIG_SETMASK, life->mask, NULL);
	error = become(companion, broker);
	if (!error)
		_exit(companion->run(companion->context));
	fprintf(stderr, "<3>brindle: %s: %s\n", companion->name,
		error->message);
	_exit(1);
}

struct error *companion_start(const struct companion *companion,
			      const sigset_t *mask, struct companion_life *ret)
{
	*ret = (struct companion_life){ .companion = companion,
					.mask = mask,
					.pause_ms = PAUSE_FIRST_MS };
	return start(ret);
}

static void plan_next(struct companion_life *life, uint64_t now_ns)
{
	if (now_ns - life->started_ns > LIFE_GOOD_MS * NS_PER_MS)
		life->pause_ms = PAUSE_FIRST_MS;
	life->again_ns = now_ns + (uint64_t)life->pause_ms * NS_PER_MS;
	fprintf(stderr, "<3>brindle: %s: starting it again in %d ms\n",
		life->companion->name, life->pause_ms);
	life->pause_ms *= 2;
	if (life->pause_ms > PAUSE_MAX_MS)
		life->pause_ms = PAUSE_MAX_MS;
}

// One that exits has said why, and would do so again.
static void take_end(struct companion_life *life, uint64_t now_ns)
{
	const char *name;
	int status;

	if (!life->pid || waitpid(life->pid, &status, WNOHANG) != life->pid)
		return;
	name = life->companion->name;
	life->pid = 0;
	if (!WIFSIGNALED(status)) {
		fprintf(stderr, "<3>brindle: %s has ended, with status %d\n",
			name, WEXITSTATUS(status));
		return;
	}
	fprintf(stderr, "<3>brindle: %s was ended by signal %d (%s)\n", name,
		WTERMSIG(status), strsignal(WTERMSIG(status)));
	plan_next(life, now_ns);
}

static void start_again(struct companion_life *life, uint64_t now_ns)
{
	struct error *error = start(life);

	if (!error)
		return;
	fprintf(stderr, "<3>brindle: %s\n", error->message);
	error_destroy(error);
	plan_next(life, now_ns);
}

int companion_tend(struct companion_life *life)
{
	uint64_t now = monotonic_ns();

	take_end(life, now);
	if (life->again_ns && now >= life->again_ns)
		start_again(life, now);
	if (!life->again_ns)
		return -1;
	return (int)((life->again_ns - now) / NS_PER_MS) + 1;
}

void companion_signal(const struct companion_life *life, int number)
{
	if (life->pid)
		kill(life->pid, number);
}

void companion_stop(struct companion_life *life)
{
	uint64_t deadline = monotonic_ns() + STOP_MS * NS_PER_MS;

	life->again_ns = 0;
	companion_signal(life, SIGTERM);
	while (life->pid && waitpid(life->pid, NULL, WNOHANG) == 0) {
		if (monotonic_ns() > deadline)
			companion_signal(life, SIGKILL);
		usleep(5000);
	}
	life->pid = 0;
}
