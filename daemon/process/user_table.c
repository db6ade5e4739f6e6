// SPDX-License-Identifier: Apache-2.0
/*
 * One line of passwd(5); anything else is skipped:
 *
 * www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
 */
#include "daemon/process/user_table.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_NS (10 * NS_PER_SEC)

void user_table_init(struct user_table *table, const char *path)
{
	*table = (struct user_table){ .path = path };
}

void user_table_deinit(struct user_table *table)
{
	free(table->users);
	*table = (struct user_table){ 0 };
}

static bool parse_uid(const char *text, size_t size, uint32_t *ret)
{
	uint32_t uid = 0;

	for (size_t i = 0; i < size; i++)
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(uid, 10u, &uid) ||
		    __builtin_add_overflow(uid, (uint32_t)(text[i] - '0'), &uid))
			return false;
	*ret = uid;
	return size > 0;
}

static bool parse_line(const char *line, size_t size, struct user *ret)
{
	const char *end = line + size, *password, *uid, *rest;
	const char *colon = memchr(line, ':', size);
	size_t name = colon ? (size_t)(colon - line) : 0;

	if (!name || name >= USER_NAME_MAX || memchr(line, '\0', name))
		return false;
	password = colon + 1;
	uid = memchr(password, ':', (size_t)(end - password));
	rest = uid ? memchr(uid + 1, ':', (size_t)(end - uid - 1)) : NULL;
	if (!rest || !parse_uid(uid + 1, (size_t)(rest - uid - 1), &ret->uid))
		return false;
	memcpy(ret->name, line, name);
	ret->name[name] = '\0';
	return true;
}

static int compare_users(const void *left, const void *right)
{
	const struct user *a = left, *b = right;

	return a->uid > b->uid ? 1 : a->uid < b->uid ? -1 : 0;
}

// glibc's qsort is stable when there is memory; where it is not, one of two
// names of the same uid is as good as the other.
bool user_table_parse(const char *text, size_t size, struct user **ret,
		      size_t *ret_count)
{
	_cleanup_free_ struct user *users = NULL;
	size_t count = 0, capacity = 0;

	while (size && count < USER_TABLE_MAX) {
		const char *newline = memchr(text, '\n', size);
		size_t line = newline ? (size_t)(newline - text) : size;

		if (!array_reserve_one(users, count, capacity))
			return false;
		count += parse_line(text, line, &users[count]);
		text += line + (newline != NULL);
		size -= line + (newline != NULL);
	}
	if (count)
		qsort(users, count, sizeof(*users), compare_users);
	*ret = take_ptr(users);
	*ret_count = count;
	return true;
}

static bool read_whole(int fd, char *text, size_t size)
{
	size_t done = 0;
	ssize_t got;

	while (done < size && (got = read(fd, text + done, size - done)) > 0)
		done += (size_t)got;
	return done == size;
}

static bool has_changed(const struct user_table *table, const struct stat *st)
{
	return st->st_mtim.tv_sec != table->changed.tv_sec ||
	       st->st_mtim.tv_nsec != table->changed.tv_nsec;
}

static void read_again(struct user_table *table)
{
	_cleanup_close_ int fd =
		open(table->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct user *users;
	struct stat st;
	size_t count;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 1 ||
	    st.st_size > USER_FILE_BYTES_MAX || !has_changed(table, &st))
		return;
	text = malloc((size_t)st.st_size);
	if (!text || !read_whole(fd, text, (size_t)st.st_size) ||
	    !user_table_parse(text, (size_t)st.st_size, &users, &count))
		return;
	free(table->users);
	table->users = users;
	table->count = count;
	table->changed = st.st_mtim;
}

const char *user_table_name(struct user_table *table, uint32_t uid,
			    uint64_t now_ns)
{
	struct user key = { .uid = uid }, *found;

	if (!table->looked_ns || now_ns - table->looked_ns > LOOK_NS) {
		table->looked_ns = now_ns;
		read_again(table);
	}
	found = table->count ? bsearch(&key, table->users, table->count,
				       sizeof(key), compare_users) :
			       NULL;
	return found ? found->name : NULL;
}
