// SPDX-License-Identifier: Apache-2.0
#include "web/server/session.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum {
	WRONG_MAX = 20, // in
	WRONG_SECONDS = 10,
};

static struct error *create_secret(struct session_secret *ret)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SESSION_SECRET_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_from_errno(errno, "make a token");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret->text[2 * i] = digits[bytes[i] >> 4];
		ret->text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret->text[SESSION_SECRET_CHARS] = 0;
	return NULL;
}

struct error *session_table_create(struct session_table **ret)
{
	struct session_table *table =
		mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct error *error;

	if (table == MAP_FAILED)
		return &error_nomem;
	error = create_secret(&table->token);
	if (error)
		session_table_destroy(table);
	else
		*ret = table;
	return error;
}

void session_table_destroy(struct session_table *table)
{
	if (table)
		munmap(table, sizeof(*table));
}

static bool is_same(const struct session_secret *secret, struct span text)
{
	unsigned char difference = 0;

	if (!text.at || text.size != SESSION_SECRET_CHARS || !secret->text[0])
		return false;
	for (size_t i = 0; i < SESSION_SECRET_CHARS; i++)
		difference |= (unsigned char)(secret->text[i] ^ text.at[i]);
	return !difference;
}

bool session_is_token(const struct session_table *table, struct span text)
{
	return is_same(&table->token, text);
}

struct error *session_begin(struct session_table *table, uint64_t now_ns,
			    struct session_secret *ret)
{
	struct session *oldest = &table->sessions[0];
	struct error *error = create_secret(ret);

	if (error)
		return error;
	for (size_t i = 0; i < SESSION_MAX; i++)
		if (table->sessions[i].used_ns < oldest->used_ns)
			oldest = &table->sessions[i];
	*oldest = (struct session){ *ret, now_ns };
	return NULL;
}

struct session *session_find(struct session_table *table, struct span id)
{
	struct session *found = NULL;

	for (size_t i = 0; i < SESSION_MAX; i++)
		if (is_same(&table->sessions[i].id, id))
			found = &table->sessions[i];
	return found;
}

void session_end(struct session *session)
{
	memset(session, 0, sizeof(*session));
}

bool session_count_wrong(struct session_table *table, uint64_t now_ns)
{
	if (now_ns - table->wrong_since_ns > WRONG_SECONDS * NS_PER_SEC) {
		table->wrong_since_ns = now_ns;
		table->wrong_count = 0;
	}
	if (table->wrong_count < WRONG_MAX)
		table->wrong_count++;
	return table->wrong_count == WRONG_MAX;
}
