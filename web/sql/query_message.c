// SPDX-License-Identifier: Apache-2.0
// A question in bytes: numbers of 32 and 64 bits, little-endian, and texts, each
// a byte that says whether there is one, then its bytes and a NUL.
//
//     format max_rows timeout_ms param_count now_ns since_boot
//     sql from until range event process thread cgroup user
//     (name type number text) for each parameter
#include "web/sql/query_message.h"

#include <stdio.h>
#include <string.h>

#include "base/reader.h"

enum { TEXT_COUNT = 9 };

// In the order in which they are written.
static void list_texts(struct query_question *question,
		       const char **texts[TEXT_COUNT])
{
	struct selection_options *selection = &question->selection;
	const char **const all[TEXT_COUNT] = {
		&question->sql,	     &selection->from,	  &selection->until,
		&selection->range,   &selection->event,	  &selection->process,
		&selection->thread,  &selection->cgroup,  &selection->user,
	};

	memcpy(texts, all, sizeof(all));
}

static void put_u32(FILE *out, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void put_u64(FILE *out, uint64_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void put_text(FILE *out, const char *text)
{
	putc(text != NULL, out);
	if (text)
		fwrite(text, 1, strlen(text) + 1, out);
}

static uint64_t param_bits(const struct query_param *param)
{
	uint64_t bits;

	if (param->type == QUERY_PARAM_REAL)
		memcpy(&bits, &param->real, sizeof(bits));
	else
		bits = (uint64_t)param->integer;
	return bits;
}

static void put_question(FILE *out, const struct query_question *question)
{
	struct query_question copy = *question;
	const char **texts[TEXT_COUNT];

	put_u32(out, question->format);
	put_u32(out, question->max_rows);
	put_u32(out, question->timeout_ms);
	put_u32(out, (uint32_t)question->param_count);
	put_u64(out, (uint64_t)question->selection.now_ns);
	put_u32(out, question->selection.since_boot);
	list_texts(&copy, texts);
	for (size_t i = 0; i < TEXT_COUNT; i++)
		put_text(out, *texts[i]);
	for (size_t i = 0; i < question->param_count; i++) {
		const struct query_param *param = &question->params[i];

		put_text(out, param->name);
		put_u32(out, param->type);
		put_u64(out, param_bits(param));
		put_text(out, param->type == QUERY_PARAM_TEXT ? param->text :
								NULL);
	}
}

struct error *query_message_encode(const struct query_question *question,
				   uint8_t **ret, size_t *ret_size)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0;
	FILE *out;

	if (strlen(question->sql) > QUERY_SQL_BYTES_MAX)
		return error_create(ERROR_USAGE,
				    "a query has at most %d bytes",
				    QUERY_SQL_BYTES_MAX);
	if (question->param_count > QUERY_PARAMS_MAX)
		return error_create(ERROR_USAGE,
				    "a query has at most %d parameters",
				    QUERY_PARAMS_MAX);
	out = open_memstream(&bytes, &size);
	if (!out)
		return &error_nomem;
	put_question(out, question);
	if (fclose(out) != 0)
		return &error_nomem;
	if (size > QUERY_MESSAGE_BYTES_MAX)
		return error_create(ERROR_USAGE,
				    "the query's parameters are too long");
	*ret = (uint8_t *)take_ptr(bytes);
	*ret_size = size;
	return NULL;
}

static const char *get_text(struct reader *reader)
{
	return reader_u8(reader) ? reader_string(reader) : NULL;
}

static void get_param(struct reader *reader, struct query_param *param)
{
	uint32_t type;
	uint64_t bits;

	*param = (struct query_param){ .name = get_text(reader) };
	type = reader_u32(reader);
	bits = reader_u64(reader);
	param->text = get_text(reader);
	if (type > QUERY_PARAM_TEXT ||
	    (type == QUERY_PARAM_TEXT && !param->text)) {
		reader->failed = true;
		return;
	}
	param->type = (enum query_param_type)type;
	param->integer = (int64_t)bits;
	memcpy(&param->real, &bits, sizeof(bits));
}

bool query_message_decode(const uint8_t *bytes, size_t size,
			  struct query_message *ret)
{
	struct query_question *question = &ret->question;
	const char **texts[TEXT_COUNT];
	struct reader reader;
	uint32_t format;

	*ret = (struct query_message){ 0 };
	reader_init(&reader, bytes, size);
	format = reader_u32(&reader);
	question->max_rows = reader_u32(&reader);
	question->timeout_ms = reader_u32(&reader);
	question->param_count = reader_u32(&reader);
	question->selection.now_ns = (int64_t)reader_u64(&reader);
	question->selection.since_boot = reader_u32(&reader) != 0;
	if (format > QUERY_ANSWER_CSV ||
	    question->param_count > QUERY_PARAMS_MAX)
		return false;
	question->format = (enum query_answer_format)format;
	question->params = ret->params;
	list_texts(question, texts);
	for (size_t i = 0; i < TEXT_COUNT; i++)
		*texts[i] = get_text(&reader);
	for (size_t i = 0; i < question->param_count && !reader.failed; i++)
		get_param(&reader, &ret->params[i]);
	return !reader.failed && reader_left(&reader) == 0 && question->sql;
}
