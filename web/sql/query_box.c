// SPDX-License-Identifier: Apache-2.0
#include "web/sql/query_box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/text.h"
#include "web/sql/query_keeper.h"

enum { TIMEOUT_MOST_MS = 30000, DETAIL_BYTES_MAX = 4096 };

struct query_box {
	int questions; /* owned; the keeper has the other end */
	pid_t keeper;
	uint32_t timeout_most_ms;
	unsigned int unanswered; /* atomic; queries */
};

struct query {
	struct query_box *box; /* borrowed */
	int reply, result; /* owned */
	enum query_answer_format format;
	char *detail; /* owned */
	struct query_answer answer;
	bool answered;
};

// Whatever is open here, listening sockets too, is not the keeper's.
static _Noreturn void be_keeper(struct query_keeper_options *options)
{
	enum { QUESTIONS_FD = 3 };

	prctl(PR_SET_NAME, "brindle-sql");
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	// Ctrl-C is for the server, which takes the keeper with it.
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (dup2(options->questions, QUESTIONS_FD) < 0 ||
	    close_range(QUESTIONS_FD + 1, ~0u, 0) != 0)
		_exit(1);
	options->questions = QUESTIONS_FD;
	query_keeper_run(options);
}

static struct error *fork_keeper(struct query_box *box, int theirs,
				 const char *database)
{
	struct query_keeper_options options = {
		.database = database,
		.timeout_most_ms = box->timeout_most_ms,
		.questions = theirs,
	};

	box->keeper = fork();
	if (box->keeper < 0)
		return error_from_errno(errno, "start the keeper of queries");
	if (box->keeper == 0)
		be_keeper(&options);
	return NULL;
}

struct error *query_box_start(const struct query_box_options *options,
			      struct query_box **ret)
{
	_cleanup_close_ int mine = -1, theirs = -1;
	struct query_box *box;
	struct error *error;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return error_from_errno(errno, "start the keeper of queries");
	mine = pair[0];
	theirs = pair[1];
	box = calloc(1, sizeof(*box));
	if (!box)
		return &error_nomem;
	box->timeout_most_ms = options->timeout_most_ms ?
				       options->timeout_most_ms :
				       QUERY_TIMEOUT_STANDARD_MS;
	if (box->timeout_most_ms > TIMEOUT_MOST_MS)
		box->timeout_most_ms = TIMEOUT_MOST_MS;
	error = fork_keeper(box, theirs, options->database);
	if (error) {
		free(box);
		return error;
	}
	box->questions = take_fd(&mine);
	*ret = box;
	return NULL;
}

void query_box_stop(struct query_box *box)
{
	if (!box)
		return;
	close(box->questions);
	waitpid(box->keeper, NULL, 0);
	free(box);
}

int query_box_fd(const struct query_box *box)
{
	return box->questions;
}

bool query_box_is_full(const struct query_box *box)
{
	return __atomic_load_n(&box->unanswered, __ATOMIC_RELAXED) >=
	       QUERY_RUNNING_MAX + QUERY_WAITING_MAX;
}

static struct error *check(const struct query_box *box,
			   const struct query_question *question)
{
	if (question->max_rows > QUERY_ROWS_MOST)
		return error_create(ERROR_USAGE, "max_rows is at most %d",
				    QUERY_ROWS_MOST);
	if (question->timeout_ms > box->timeout_most_ms)
		return error_create(ERROR_USAGE, "timeout_ms is at most %u",
				    box->timeout_most_ms);
	return NULL;
}

// One datagram: the question, and with it the socket for the verdict and the
// file for the result.
static struct error *send_question(const struct query_box *box,
				   uint8_t *bytes, size_t size, int reply,
				   int result)
{
	const int fds[2] = { reply, result };
	union {
		char bytes[CMSG_SPACE(sizeof(fds))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { bytes, size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(head), fds, sizeof(fds));
	if (sendmsg(box->questions, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return NULL;
	if (errno == EAGAIN || errno == ENOBUFS)
		return error_create(ERROR_BUSY, "too many queries at once");
	return error_from_errno(errno, "ask the keeper of queries");
}

static struct error *submit(const struct query_box *box, uint8_t *bytes,
			    size_t size, struct query *query)
{
	_cleanup_close_ int theirs = -1;
	int pair[2];

	query->result = memfd_create("result", MFD_CLOEXEC);
	if (query->result < 0)
		return error_from_errno(errno, "make a file for the result");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_from_errno(errno, "make a socket for the result");
	query->reply = pair[0];
	theirs = pair[1];
	return send_question(box, bytes, size, theirs, query->result);
}

struct error *query_submit(struct query_box *box,
			   const struct query_question *question,
			   struct query **ret)
{
	struct query_question limited = *question;
	_cleanup_free_ uint8_t *bytes = NULL;
	struct error *error = check(box, question);
	struct query *query;
	size_t size;

	if (!limited.max_rows)
		limited.max_rows = QUERY_ROWS_STANDARD;
	if (!limited.timeout_ms)
		limited.timeout_ms = QUERY_TIMEOUT_STANDARD_MS;
	if (!error)
		error = query_message_encode(&limited, &bytes, &size);
	if (error)
		return error;
	query = calloc(1, sizeof(*query));
	if (!query)
		return &error_nomem;
	query->box = box;
	__atomic_add_fetch(&box->unanswered, 1, __ATOMIC_RELAXED);
	query->reply = query->result = -1;
	query->format = question->format;
	error = submit(box, bytes, size, query);
	if (error)
		query_close(query);
	else
		*ret = query;
	return error;
}

int query_fd(const struct query *query)
{
	return query->reply;
}

// What the child had to say. It may not be itself any more.
static char *read_detail(const struct query *query)
{
	char text[DETAIL_BYTES_MAX];
	ssize_t size = pread(query->result, text, sizeof(text), 0);

	return size > 0 ? text_repair(text, (size_t)size) : NULL;
}

static char *time_over(uint32_t timeout_ms)
{
	char *text = NULL;

	if (asprintf(&text, "it took longer than %g s, and was stopped",
		     timeout_ms / 1e3) < 0)
		return NULL;
	return text;
}

static void set_problem(struct query *query,
			const struct query_verdict *verdict)
{
	static const struct {
		enum query_end end;
		int status;
		const char *title, *detail;
	} problems[] = {
		{ QUERY_END_WRONG, 400, "Not a query that may be run",
		  "it could not be understood" },
		{ QUERY_END_OVER_LIMIT, 422, "The query is over a limit",
		  "it took more memory than a query may" },
		{ QUERY_END_LATE, 422, "The query is over a limit",
		  "it took too long, and was stopped" },
		{ QUERY_END_BUSY, 429, "Too many queries",
		  "others are running and waiting: try again in a moment" },
		{ QUERY_END_FAILED, 500, "The query failed",
		  "the process that ran it ended" },
	};
	size_t i = 0;

	while (i + 1 < sizeof(problems) / sizeof(*problems) &&
	       problems[i].end != verdict->end)
		i++;
	if (verdict->end == QUERY_END_LATE)
		query->detail = time_over(verdict->timeout_ms);
	else if (verdict->said)
		query->detail = read_detail(query);
	query->answer = (struct query_answer){
		.status = problems[i].status,
		.fd = -1,
		.title = problems[i].title,
		.detail = query->detail ? query->detail : problems[i].detail,
	};
}

static void set_answer(struct query *query, const struct query_verdict *verdict)
{
	struct stat stat;

	if (verdict->end != QUERY_END_DONE || fstat(query->result, &stat) != 0) {
		set_problem(query, verdict);
		return;
	}
	query->answer = (struct query_answer){
		.status = 200,
		.fd = query->result,
		.size = (uint64_t)stat.st_size,
		.content_type = query->format == QUERY_ANSWER_JSON ?
					"application/json" :
					"text/csv; charset=utf-8",
	};
}

static void note_answered(struct query *query)
{
	query->answered = true;
	__atomic_sub_fetch(&query->box->unanswered, 1, __ATOMIC_RELAXED);
}

bool query_finish(struct query *query, const struct query_answer **ret)
{
	struct query_verdict verdict;
	ssize_t size;

	if (!query->answered) {
		size = recv(query->reply, &verdict, sizeof(verdict),
			    MSG_DONTWAIT);
		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (size != sizeof(verdict))
			verdict = (struct query_verdict){ .end = QUERY_END_FAILED };
		set_answer(query, &verdict);
		note_answered(query);
	}
	*ret = &query->answer;
	return true;
}

void query_close(struct query *query)
{
	if (!query)
		return;
	if (!query->answered)
		note_answered(query);
	if (query->reply >= 0)
		close(query->reply);
	if (query->result >= 0)
		close(query->result);
	free(query->detail);
	free(query);
}
