// SPDX-License-Identifier: Apache-2.0
#include "web/sql/query_keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/sql/query_child.h"

enum seat_state {
	SEAT_FREE,
	SEAT_WAITING,
	SEAT_RUNNING,
	SEAT_ENDED, /* until the other end is closed */
};

/* One question. */
struct seat {
	enum seat_state state;
	uint64_t number; /* who came first */
	uint8_t *question; /* owned */
	size_t size;
	uint32_t timeout_ms;
	int reply, result; /* owned */
	pid_t child;
	int child_fd; /* owned; readable when it has ended */
	uint64_t deadline_ns;
	bool late;
};

struct keeper {
	const struct query_keeper_options *options;
	struct seat seats[QUERY_OPEN_MAX];
	uint64_t last_number;
	uint8_t datagram[QUERY_MESSAGE_BYTES_MAX];
};

static void seat_clear(struct seat *seat)
{
	free(seat->question);
	if (seat->reply >= 0)
		close(seat->reply);
	if (seat->result >= 0)
		close(seat->result);
	if (seat->child_fd >= 0)
		close(seat->child_fd);
	*seat = (struct seat){ .reply = -1, .result = -1, .child_fd = -1 };
}

// Who does not listen any more need not hear it.
static void say(int reply, struct query_verdict verdict)
{
	if (send(reply, &verdict, sizeof(verdict), MSG_NOSIGNAL) < 0)
		return;
}

static unsigned int count_in(const struct keeper *keeper, enum seat_state state)
{
	unsigned int count = 0;

	for (size_t i = 0; i < QUERY_OPEN_MAX; i++)
		count += keeper->seats[i].state == state;
	return count;
}

static struct seat *find_free(struct keeper *keeper)
{
	if (count_in(keeper, SEAT_WAITING) >= QUERY_WAITING_MAX)
		return NULL;
	for (size_t i = 0; i < QUERY_OPEN_MAX; i++)
		if (keeper->seats[i].state == SEAT_FREE)
			return &keeper->seats[i];
	return NULL;
}

// What the limits are, whoever asks for more.
static uint32_t timeout_of(const struct keeper *keeper,
			   const struct query_question *question)
{
	uint32_t most = keeper->options->timeout_most_ms;

	return question->timeout_ms && question->timeout_ms < most ?
		       question->timeout_ms :
		       most;
}

/** Takes over both descriptors. */
static void take_question(struct keeper *keeper, size_t size, int reply,
			  int result)
{
	struct seat *seat = find_free(keeper);
	struct query_message message;

	if (!seat || !query_message_decode(keeper->datagram, size, &message)) {
		say(reply, (struct query_verdict){
				   .end = seat ? QUERY_END_FAILED :
						 QUERY_END_BUSY });
		close(reply);
		close(result);
		return;
	}
	seat->reply = reply;
	seat->result = result;
	seat->timeout_ms = timeout_of(keeper, &message.question);
	seat->size = size;
	seat->question = malloc(size);
	if (!seat->question) {
		say(reply, (struct query_verdict){ .end = QUERY_END_FAILED });
		seat_clear(seat);
		return;
	}
	memcpy(seat->question, keeper->datagram, size);
	seat->number = ++keeper->last_number;
	seat->state = SEAT_WAITING;
}

/** The number of descriptors that came. */
static size_t take_descriptors(struct msghdr *message, int fds[2])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	size_t size;

	if (!head || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS)
		return 0;
	size = head->cmsg_len - CMSG_LEN(0);
	if (size > 2 * sizeof(int))
		size = 2 * sizeof(int);
	memcpy(fds, CMSG_DATA(head), size);
	return size / sizeof(int);
}

/** False: who asks has gone. */
static bool receive(struct keeper *keeper)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { keeper->datagram, sizeof(keeper->datagram) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fds[2] = { -1, -1 };
	ssize_t size = recvmsg(keeper->options->questions, &message,
			       MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	size_t count;

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	if (size == 0)
		return false;
	count = take_descriptors(&message, fds);
	if (count == 2 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		take_question(keeper, (size_t)size, fds[0], fds[1]);
		return true;
	}
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	return true;
}

static struct seat *find_next(struct keeper *keeper)
{
	struct seat *next = NULL;

	for (size_t i = 0; i < QUERY_OPEN_MAX; i++) {
		struct seat *seat = &keeper->seats[i];

		if (seat->state == SEAT_WAITING &&
		    (!next || seat->number < next->number))
			next = seat;
	}
	return next;
}

// The child keeps nothing of what is ours, other queries' results least of all.
static _Noreturn void be_child(struct keeper *keeper, struct seat *seat,
			       pid_t parent)
{
	enum { RESULT_FD = 3 };

	if (dup2(seat->result, RESULT_FD) < 0 ||
	    close_range(RESULT_FD + 1, ~0u, 0) != 0)
		_exit(QUERY_END_FAILED);
	query_child_run(&(struct query_order){
		.database = keeper->options->database,
		.question = seat->question,
		.size = seat->size,
		.timeout_ms = seat->timeout_ms,
		.result = RESULT_FD,
		.keeper = parent,
	});
}

static void end_seat(struct seat *seat, enum query_end end, bool said)
{
	say(seat->reply, (struct query_verdict){ end, seat->timeout_ms, said });
	free(take_ptr(seat->question));
	close(seat->result);
	seat->result = -1;
	if (seat->child_fd >= 0)
		close(seat->child_fd);
	seat->child_fd = -1;
	seat->state = SEAT_ENDED;
}

static void start(struct keeper *keeper, struct seat *seat)
{
	pid_t parent = getpid();

	seat->child = fork();
	if (seat->child == 0)
		be_child(keeper, seat, parent);
	if (seat->child < 0) {
		end_seat(seat, QUERY_END_FAILED, false);
		return;
	}
	seat->state = SEAT_RUNNING;
	seat->deadline_ns = monotonic_ns() +
			    (seat->timeout_ms + QUERY_GRACE_MS) * NS_PER_MS;
	seat->child_fd = (int)syscall(SYS_pidfd_open, seat->child, 0);
}

static void start_waiting(struct keeper *keeper)
{
	struct seat *seat;

	while (count_in(keeper, SEAT_RUNNING) < QUERY_RUNNING_MAX &&
	       (seat = find_next(keeper)))
		start(keeper, seat);
}

// A signal: the kernel's when a limit was met, or a call that queries do not
// make, or a mistake in SQLite.
static enum query_end end_of_status(const struct seat *seat, int status)
{
	if (seat->late)
		return QUERY_END_LATE;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return QUERY_END_LATE;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return QUERY_END_OVER_LIMIT;
	if (!WIFEXITED(status))
		return QUERY_END_FAILED;
	switch (WEXITSTATUS(status)) {
	case QUERY_END_DONE:
	case QUERY_END_WRONG:
	case QUERY_END_OVER_LIMIT:
	case QUERY_END_LATE:
		return (enum query_end)WEXITSTATUS(status);
	}
	return QUERY_END_FAILED;
}

// Otherwise the file holds a part of the result, if anything.
static bool has_spoken(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) >= QUERY_END_WRONG &&
	       WEXITSTATUS(status) <= QUERY_END_FAILED;
}

static void look_after(struct seat *seat, bool left, uint64_t now_ns)
{
	int status;

	if (seat->state == SEAT_RUNNING) {
		if (now_ns >= seat->deadline_ns)
			seat->late = true;
		if (left || seat->late)
			kill(seat->child, SIGKILL);
		if (waitpid(seat->child, &status, WNOHANG) == seat->child)
			end_seat(seat, end_of_status(seat, status),
				 has_spoken(status));
	}
	if (left && seat->state != SEAT_RUNNING)
		seat_clear(seat);
}

/* What poll() waits for: questions, ends of replies, ends of children. */
struct waiting {
	struct pollfd fds[1 + 2 * QUERY_OPEN_MAX];
	int timeout_ms;
};

static void prepare(const struct keeper *keeper, struct waiting *waiting)
{
	uint64_t now_ns = monotonic_ns();

	waiting->timeout_ms = -1;
	waiting->fds[0] = (struct pollfd){ keeper->options->questions, POLLIN,
					   0 };
	for (size_t i = 0; i < QUERY_OPEN_MAX; i++) {
		const struct seat *seat = &keeper->seats[i];
		int left_ms;

		waiting->fds[1 + 2 * i] = (struct pollfd){ seat->reply, 0, 0 };
		waiting->fds[2 + 2 * i] =
			(struct pollfd){ seat->child_fd, POLLIN, 0 };
		if (seat->state != SEAT_RUNNING)
			continue;
		left_ms = seat->deadline_ns > now_ns ?
				  (int)((seat->deadline_ns - now_ns) /
					NS_PER_MS) + 1 :
				  1;
		if (waiting->timeout_ms < 0 || left_ms < waiting->timeout_ms)
			waiting->timeout_ms = left_ms;
	}
}

_Noreturn void query_keeper_run(const struct query_keeper_options *options)
{
	static const struct seat free_seat = { .reply = -1, .result = -1,
					       .child_fd = -1 };
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	struct waiting waiting;

	if (!keeper)
		_exit(1);
	keeper->options = options;
	for (size_t i = 0; i < QUERY_OPEN_MAX; i++)
		keeper->seats[i] = free_seat;
	for (;;) {
		prepare(keeper, &waiting);
		if (poll(waiting.fds, 1 + 2 * QUERY_OPEN_MAX,
			 waiting.timeout_ms) < 0 && errno != EINTR)
			_exit(1);
		for (size_t i = 0; i < QUERY_OPEN_MAX; i++)
			look_after(&keeper->seats[i],
				   waiting.fds[1 + 2 * i].revents != 0,
				   monotonic_ns());
		// Children die with us.
		if (waiting.fds[0].revents && !receive(keeper))
			_exit(0);
		start_waiting(keeper);
	}
}
