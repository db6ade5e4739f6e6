// SPDX-License-Identifier: Apache-2.0
// SQL that somebody asks for. Its answer lies in a file in memory that the
// query owns, and is sent from there.
#include "web/server/respond.h"

#include <errno.h>
#include <sys/epoll.h>

#include "web/server/question.h"
#include "web/server/server_state.h"

static bool is_csv(const struct visit *visit)
{
	return span_is(visit->request.path, "/api/v1/query.csv");
}

static struct error *parse(const struct visit *visit, struct question *ret)
{
	struct error *error;

	if (visit->request.method != REQUEST_POST)
		error = question_parse_query(visit->request.query, ret);
	else if (!visit->upload ||
		 visit->upload_size != visit->request.body_bytes)
		return error_create(ERROR_USAGE, "the body is not whole");
	else
		error = question_parse_body(visit->upload, visit->upload_size,
					    ret);
	if (!error)
		ret->asked.format = is_csv(visit) ? QUERY_ANSWER_CSV :
						    QUERY_ANSWER_JSON;
	return error;
}

static struct error *await_answer(struct server *server, struct visit *visit)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLONESHOT,
		.data.u64 = visit_query_event(visit),
	};

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, query_fd(visit->query),
		      &event))
		return error_from_errno(errno, "wait for a query");
	return NULL;
}

struct error *respond_begin_query(struct server *server, struct visit *visit)
{
	struct question question;
	struct error *error;

	if (!server->queries)
		return error_create(ERROR_BUSY, "queries cannot be run at this "
				    "moment");
	error = parse(visit, &question);
	if (error)
		return error;
	error = query_submit(server->queries, &question.asked, &visit->query);
	question_deinit(&question);
	return error ? error : await_answer(server, visit);
}

bool respond_finish_query(struct visit *visit)
{
	const struct query_answer *answer;

	if (!query_finish(visit->query, &answer))
		return false;
	if (answer->status != 200) {
		reply_problem(&visit->reply, (unsigned int)answer->status,
			      answer->detail ? answer->detail : answer->title);
		visit->reply.retry_s = answer->status == 429;
		return true;
	}
	visit->reply = (struct reply){ .status = 200,
				       .content_type = answer->content_type };
	visit->file = answer->fd;
	visit->file_size = answer->size;
	if (is_csv(visit))
		reply_set_file_name(&visit->reply, "query.csv");
	return true;
}
