// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/command_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

const char command_line_secrets[] =
	"*password* *passwd* *passphrase* *pwd* *secret* *token* *api-key* "
	"*api_key* *apikey* *access-key* *access_key* *private-key* "
	"*private_key* *credential* *auth*";

static const char mask[] = "***";

struct output {
	char *text;
	size_t size; // without the NUL
};

static void put(struct output *output, const char *text, size_t size)
{
	size_t room = COMMAND_LINE_MAX - 1 - output->size;

	if (size > room)
		size = room;
	memcpy(output->text + output->size, text, size);
	output->size += size;
	output->text[output->size] = '\0';
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// Goes back to the latest star only: what an earlier one could take as well,
// that one can take.
static bool is_like(const char *name, size_t size, const char *pattern,
		    size_t pattern_size)
{
	size_t at = 0, i = 0, star = SIZE_MAX, star_at = 0;

	while (at < size) {
		if (i < pattern_size && pattern[i] == '*') {
			star = i++;
			star_at = at;
		} else if (i < pattern_size &&
			   same_letter(pattern[i], name[at])) {
			i++;
			at++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (i < pattern_size && pattern[i] == '*')
		i++;
	return i == pattern_size;
}

// Of an option the dashes need not be named.
static bool is_secret(const struct command_line_policy *policy,
		      const char *name, size_t size)
{
	const char *pattern = policy->secrets ? policy->secrets : "";
	size_t dashes = 0;

	while (dashes < size && name[dashes] == '-')
		dashes++;
	while (*pattern) {
		size_t length = strcspn(pattern, " ");

		if (length &&
		    (is_like(name, size, pattern, length) ||
		     is_like(name + dashes, size - dashes, pattern, length)))
			return true;
		pattern += length;
		pattern += strspn(pattern, " ");
	}
	return false;
}

/** The part of "scheme://user:password@host" that is the password. */
static bool find_url_password(const char *text, size_t size, size_t *ret_start,
			      size_t *ret_end)
{
	const char *start = memmem(text, size, "://", 3), *at, *colon;
	size_t left;

	if (!start)
		return false;
	start += 3;
	left = size - (size_t)(start - text);
	for (size_t i = 0; i < left; i++)
		if (start[i] == '/')
			left = i;
	at = memrchr(start, '@', left);
	colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
	if (!colon)
		return false;
	*ret_start = (size_t)(colon + 1 - text);
	*ret_end = (size_t)(at - text);
	return true;
}

// A word of an argument, and what follows it there. True: it names a secret,
// and the rest was masked or, when there was none, is in the next argument.
static bool put_word(const struct command_line_policy *policy,
		     struct output *output, const char *word, size_t size,
		     size_t rest, bool *ret_hide_next)
{
	size_t name = 0, start, end;

	if (policy->secrets && find_url_password(word, size, &start, &end)) {
		put(output, word, start);
		put(output, mask, sizeof(mask) - 1);
		put(output, word + end, size - end);
		return false;
	}
	while (name < size && word[name] != '=' && word[name] != ':')
		name++;
	if (!is_secret(policy, word, name) || (name == size && word[0] != '-')) {
		put(output, word, size);
		return false;
	}
	put(output, word, name + (name < size));
	*ret_hide_next = name == size && !rest;
	if (name == size && rest)
		put(output, " ", 1);
	if (!*ret_hide_next)
		put(output, mask, sizeof(mask) - 1);
	return true;
}

// An argument may be a command line itself: sh -c "mysql --password=hunter2".
// True when the next argument is the value of a secret that this names.
static bool put_argument(const struct command_line_policy *policy,
			 struct output *output, const char *text, size_t size)
{
	bool hide_next = false;

	for (size_t i = 0; i < size;) {
		const char *blank = memchr(text + i, ' ', size - i);
		size_t word = blank ? (size_t)(blank - text) - i : size - i;

		if (put_word(policy, output, text + i, word, size - i - word,
			     &hide_next))
			break;
		i += word;
		for (; i < size && text[i] == ' '; i++)
			put(output, " ", 1);
	}
	return hide_next;
}

void command_line_format(const struct command_line_policy *policy,
			 const char *arguments, size_t size, char *ret)
{
	struct output output = { ret, 0 };
	bool hide_next = false;

	ret[0] = '\0';
	if (policy->keep == COMMAND_LINE_NONE)
		return;
	// Daemons that write their title over it pad it with NULs.
	while (size && !arguments[size - 1])
		size--;
	for (size_t i = 0; i < size;) {
		size_t length = strnlen(arguments + i, size - i);

		if (i)
			put(&output, " ", 1);
		if (hide_next)
			put(&output, mask, sizeof(mask) - 1);
		hide_next = !hide_next && put_argument(policy, &output,
						       arguments + i, length);
		if (policy->keep == COMMAND_LINE_PROGRAM)
			return;
		i += length + 1;
	}
}
