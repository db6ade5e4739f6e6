// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/config_value.h"

#include <stdio.h>
#include <string.h>

struct unit {
	char letter; // 0: none behind the number
	uint64_t factor;
};

static const struct unit byte_units[] = {
	{ 0, 1 },	{ 'K', UINT64_C(1) << 10 }, { 'M', UINT64_C(1) << 20 },
	{ 'G', UINT64_C(1) << 30 },		    { 'T', UINT64_C(1) << 40 },
};

static const struct unit time_units[] = {
	{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
};

// Digits alone: no sign, no space, no overflow. Advances *text behind them.
static bool take_digits(const char **text, uint64_t *ret)
{
	const char *at = *text;
	uint64_t value = 0;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'),
					   &value))
			return false;
	*text = at;
	*ret = value;
	return true;
}

static bool parse_with_unit(const char *text, const struct unit *units,
			    size_t unit_count, uint64_t *ret)
{
	uint64_t value;

	if (!take_digits(&text, &value) || (text[0] && text[1]))
		return false;
	for (size_t i = 0; i < unit_count; i++)
		if (units[i].letter == text[0])
			return !__builtin_mul_overflow(value, units[i].factor,
						       ret);
	return false;
}

bool config_parse_bytes(const char *text, uint64_t *ret)
{
	return parse_with_unit(text, byte_units,
			       sizeof(byte_units) / sizeof(*byte_units), ret);
}

bool config_parse_duration(const char *text, uint64_t *ret)
{
	return parse_with_unit(text, time_units,
			       sizeof(time_units) / sizeof(*time_units), ret);
}

static bool parse_count(const char *text, uint64_t *ret)
{
	return take_digits(&text, ret) && !*text;
}

// In thousandths: "1", "0.5", "12.125", "1%".
static bool parse_percent(const char *text, uint64_t *ret)
{
	uint64_t value, scale = 100;

	if (!take_digits(&text, &value) || value > UINT32_MAX)
		return false;
	value *= 1000;
	if (*text == '.') {
		text++;
		for (; *text >= '0' && *text <= '9' && scale; text++) {
			value += (uint64_t)(*text - '0') * scale;
			scale /= 10;
		}
	}
	text += *text == '%';
	*ret = value;
	return !*text;
}

static const char *const switch_words[] = { "no",  "yes", "off", "on",
					    "false", "true", "0", "1", NULL };

static bool parse_word(const char *text, const char *const *words,
		       uint64_t *ret)
{
	for (uint64_t i = 0; words[i]; i++)
		if (!strcmp(words[i], text)) {
			*ret = i;
			return true;
		}
	return false;
}

static bool parse_number(const struct config_key *key, const char *text,
			 uint64_t *ret)
{
	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_WORD:
	case CONFIG_FILE:
		return false;
	case CONFIG_COUNT:
		return parse_count(text, ret);
	case CONFIG_BYTES:
		return config_parse_bytes(text, ret);
	case CONFIG_DURATION:
		return config_parse_duration(text, ret);
	case CONFIG_PERCENT:
		return parse_percent(text, ret);
	case CONFIG_SWITCH:
		if (!parse_word(text, switch_words, ret))
			return false;
		*ret &= 1;
		return true;
	case CONFIG_CHOICE:
		return parse_word(text, key->choices, ret);
	}
	return false;
}

struct text {
	char bytes[160];
	size_t used;
};

static void append(struct text *text, const char *word)
{
	size_t room = sizeof(text->bytes) - text->used;
	int size = snprintf(text->bytes + text->used, room, "%s", word);

	if (size > 0)
		text->used += (size_t)size < room ? (size_t)size : room - 1;
}

// The largest unit that divides @value, as one would write it.
static void append_with_unit(struct text *text, uint64_t value,
			     const struct unit *units, size_t unit_count)
{
	const struct unit *best = &units[0];
	char number[32];

	for (size_t i = 1; i < unit_count; i++)
		if (units[i].factor <= value && value % units[i].factor == 0)
			best = &units[i];
	snprintf(number, sizeof(number), "%llu%.1s",
		 (unsigned long long)(value / best->factor), &best->letter);
	append(text, number);
}

static void append_value(struct text *text, const struct config_key *key,
			 uint64_t value)
{
	char number[32];

	if (key->type == CONFIG_BYTES) {
		append_with_unit(text, value, byte_units,
				 sizeof(byte_units) / sizeof(*byte_units));
		return;
	}
	if (key->type == CONFIG_DURATION) {
		append_with_unit(text, value, time_units,
				 sizeof(time_units) / sizeof(*time_units));
		return;
	}
	if (key->type == CONFIG_PERCENT)
		snprintf(number, sizeof(number), "%g", (double)value / 1000);
	else
		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)value);
	append(text, number);
}

static void append_range(struct text *text, const struct config_key *key)
{
	append(text, " from ");
	append_value(text, key, key->least);
	append(text, " to ");
	append_value(text, key, key->most);
}

static void append_choices(struct text *text, const struct config_key *key)
{
	append(text, "one of ");
	for (size_t i = 0; key->choices[i]; i++) {
		append(text, i ? ", " : "");
		append(text, key->choices[i]);
	}
}

// What would have been right.
static struct text expected(const struct config_key *key)
{
	struct text text = { .used = 0 };

	switch (key->type) {
	case CONFIG_TEXT:
		append(&text, "a text of at most 1023 bytes");
		break;
	case CONFIG_WORD:
		append(&text, "a text of 1 to 1023 bytes");
		break;
	case CONFIG_FILE:
		append(&text, "an absolute path of at most 1023 bytes");
		break;
	case CONFIG_COUNT:
		append(&text, "a number");
		append_range(&text, key);
		break;
	case CONFIG_BYTES:
		append(&text, "bytes, as 512K, 100M or 2G,");
		append_range(&text, key);
		break;
	case CONFIG_DURATION:
		append(&text, "a time with its unit, as 90s, 30m, 24h or 7d,");
		append_range(&text, key);
		break;
	case CONFIG_PERCENT:
		append(&text, "percent, as 1 or 0.5,");
		append_range(&text, key);
		break;
	case CONFIG_SWITCH:
		append(&text, "yes or no");
		break;
	case CONFIG_CHOICE:
		append_choices(&text, key);
		break;
	}
	return text;
}

static struct error *refuse(const struct config_key *key, const char *value)
{
	struct text text = expected(key);

	return error_create(ERROR_USAGE, "%s: expected %s, not '%.60s'%s",
			    key->name, text.bytes, value,
			    strlen(value) > 60 ? "..." : "");
}

bool config_value_is_text(const struct config_key *key)
{
	return key->type == CONFIG_TEXT || key->type == CONFIG_WORD ||
	       key->type == CONFIG_FILE;
}

static struct error *set_text(struct config *config,
			      const struct config_key *key, const char *text)
{
	size_t size = strlen(text);

	if (size >= CONFIG_TEXT_MAX || (key->type == CONFIG_WORD && !size) ||
	    (key->type == CONFIG_FILE && *text != '/'))
		return refuse(key, text);
	memcpy((char *)config + key->offset, text, size + 1);
	return NULL;
}

struct error *config_value_set(struct config *config,
			       const struct config_key *key, const char *text)
{
	uint64_t value;

	if (config_value_is_text(key))
		return set_text(config, key, text);
	if (!parse_number(key, text, &value))
		return refuse(key, text);
	if (key->most && (value < key->least || value > key->most))
		return refuse(key, text);
	memcpy((char *)config + key->offset, &value, sizeof(value));
	return NULL;
}
