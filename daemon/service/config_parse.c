// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/config.h"

#include "daemon/service/config_value.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_MAX_BYTES = CONFIG_TEXT_MAX + 128 };

struct parser {
	const char *file;
	const char *at, *end;
	unsigned int line;
	char section[32];
	unsigned int seen[CONFIG_KEY_COUNT]; // the line that set it; 0: none
	struct config config;
};

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static char *trim(char *text)
{
	size_t size;

	while (is_space(*text))
		text++;
	size = strlen(text);
	while (size && is_space(text[size - 1]))
		text[--size] = 0;
	return text;
}

// The next line, without its end, NUL-terminated. False at the end.
static bool next_line(struct parser *parser, char line[LINE_MAX_BYTES],
		      struct error **ret_error)
{
	size_t left = (size_t)(parser->end - parser->at);
	const char *stop;
	size_t size;

	if (!left)
		return false;
	parser->line++;
	stop = memchr(parser->at, '\n', left);
	size = stop ? (size_t)(stop - parser->at) : left;
	if (size >= LINE_MAX_BYTES || memchr(parser->at, 0, size)) {
		*ret_error = error_create(ERROR_USAGE,
					  "expected a line of text of at most "
					  "%d bytes", LINE_MAX_BYTES - 1);
		return false;
	}
	memcpy(line, parser->at, size);
	line[size] = 0;
	parser->at += size + (stop != NULL);
	return true;
}

static bool is_section(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (!strcmp(config_keys[i].section, name))
			return true;
	return false;
}

// ", "-separated: the sections, or the keys of one.
static void list_names(const char *section, char *text, size_t size)
{
	const char *before = "";
	size_t used = 0;

	*text = 0;
	for (size_t i = 0; i < CONFIG_KEY_COUNT && used < size; i++) {
		const struct config_key *key = &config_keys[i];
		const char *name = section ? key->name : key->section;

		if (section ? strcmp(key->section, section) != 0 :
			      !strcmp(name, before))
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "", name);
		before = name;
	}
}

static struct error *take_section(struct parser *parser, char *text)
{
	size_t size = strlen(text);
	char names[256];

	if (text[size - 1] == ']') {
		text[size - 1] = 0;
		text = trim(text + 1);
		if (is_section(text)) {
			snprintf(parser->section, sizeof(parser->section),
				 "%s", text);
			return NULL;
		}
	}
	list_names(NULL, names, sizeof(names));
	return error_create(ERROR_USAGE, "expected [SECTION], one of %s, not "
			    "'%.60s'", names, text);
}

static const struct config_key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (!strcmp(config_keys[i].section, section) &&
		    !strcmp(config_keys[i].name, name))
			return &config_keys[i];
	return NULL;
}

static struct error *no_such_key(const struct parser *parser, const char *name)
{
	char names[256];

	if (!*parser->section)
		return error_create(ERROR_USAGE, "expected a [SECTION] before "
				    "'%.60s'", name);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (!strcmp(config_keys[i].name, name))
			return error_create(ERROR_USAGE, "'%s' belongs into "
					    "[%s], not [%s]", name,
					    config_keys[i].section,
					    parser->section);
	list_names(parser->section, names, sizeof(names));
	return error_create(ERROR_USAGE, "expected a key of [%s], one of %s, "
			    "not '%.60s'", parser->section, names, name);
}

static struct error *take_key(struct parser *parser, char *text)
{
	char *equals = strchr(text, '=');
	const struct config_key *key;
	unsigned int *seen;

	if (!equals)
		return error_create(ERROR_USAGE, "expected KEY = VALUE, not "
				    "'%.60s'", text);
	*equals = 0;
	text = trim(text);
	key = find_key(parser->section, text);
	if (!key)
		return no_such_key(parser, text);
	seen = &parser->seen[key - config_keys];
	if (*seen)
		return error_create(ERROR_USAGE, "'%s' was set in line %u "
				    "already", text, *seen);
	*seen = parser->line;
	return config_value_set(&parser->config, key, trim(equals + 1));
}

static struct error *take_line(struct parser *parser, char *line)
{
	char *text = trim(line);

	if (!*text || *text == '#' || *text == ';')
		return NULL;
	if (*text == '[')
		return take_section(parser, text);
	return take_key(parser, text);
}

struct error *config_parse(struct config *config, const char *name,
			   const char *text, size_t size)
{
	struct parser parser = { .file = name,
				 .at = text,
				 .end = text + size,
				 .config = *config };
	char line[LINE_MAX_BYTES];
	struct error *error = NULL;

	while (!error && next_line(&parser, line, &error))
		error = take_line(&parser, line);
	if (error)
		return error_wrap(error, "%s:%u", name, parser.line);
	*config = parser.config;
	return NULL;
}

static struct error *open_file(const char *path, int *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return error_create(ERROR_NOT_FOUND, "%s: there is no such file",
				    path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_from_errno(errno, "open %s", path);
	if (!S_ISREG(status.st_mode))
		return error_create(ERROR_USAGE, "%s: expected a regular file",
				    path);
	*ret = take_fd(&fd);
	return NULL;
}

static struct error *read_all(int fd, const char *path, char *text,
			      size_t *ret_size)
{
	size_t size = 0;

	while (size <= CONFIG_FILE_MAX) {
		ssize_t got = read(fd, text + size, CONFIG_FILE_MAX + 1 - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_from_errno(errno, "read %s", path);
		if (!got) {
			*ret_size = size;
			return NULL;
		}
		size += (size_t)got;
	}
	return error_create(ERROR_USAGE, "%s: expected at most %d bytes", path,
			    CONFIG_FILE_MAX);
}

struct error *config_read(struct config *config, const char *path)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = malloc(CONFIG_FILE_MAX + 1);
	size_t size = 0;
	struct error *error;

	if (!text)
		return &error_nomem;
	error = open_file(path, &fd);
	if (!error)
		error = read_all(fd, path, text, &size);
	if (!error)
		error = config_parse(config, path, text, size);
	return error;
}
