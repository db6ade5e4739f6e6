// SPDX-License-Identifier: Apache-2.0
#include "schema/show/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static void write_escaped(uint32_t character, FILE *out)
{
	if (character < 0x10000) {
		fprintf(out, "\\u%04x", character);
		return;
	}
	character -= 0x10000;
	fprintf(out, "\\u%04x\\u%04x", 0xd800 + (character >> 10),
		0xdc00 + (character & 0x3ff));
}

static bool needs_escape(uint32_t character)
{
	return character == '<' || text_is_unprintable(character);
}

// How much of it needs no second look: most of most texts.
static size_t plain_length(const char *text)
{
	size_t length = 0;

	while (text[length] >= ' ' && text[length] <= '~' &&
	       text[length] != '"' && text[length] != '\\' &&
	       text[length] != '<')
		length++;
	return length;
}

static void write_text(const char *text, FILE *out)
{
	size_t size = strlen(text), length;
	uint32_t character;

	putc('"', out);
	for (size_t i = 0; i < size; i += length) {
		length = plain_length(text + i);
		if (length > 0) {
			fwrite(text + i, 1, length, out);
			continue;
		}
		length = text_decode(text + i, size - i, &character);
		if (length == 0) {
			fputs("\xef\xbf\xbd", out);
			length = 1;
		} else if (character == '"' || character == '\\') {
			fprintf(out, "\\%c", (char)character);
		} else if (needs_escape(character)) {
			write_escaped(character, out);
		} else {
			fwrite(text + i, 1, length, out);
		}
	}
	putc('"', out);
}

static void begin_value(struct json *json, const char *key)
{
	if (json->comma)
		fputs(",\n", json->out);
	json->comma = true;
	if (!key)
		return;
	write_text(key, json->out);
	putc(':', json->out);
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	putc(bracket, json->out);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	putc(bracket, json->out);
	json->comma = true;
}

void json_text(struct json *json, const char *key, const char *text)
{
	begin_value(json, key);
	if (text)
		write_text(text, json->out);
	else
		fputs("null", json->out);
}

void json_integer(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void json_real(struct json *json, const char *key, double value)
{
	begin_value(json, key);
	fprintf(json->out, "%.6f", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}

// RFC 4648 section 4: three bytes are four characters; what is missing of the
// last three is told by '='.
static void write_base64(struct json_column *column)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)column->bytes[0] << 16 |
			(uint32_t)column->bytes[1] << 8 | column->bytes[2];
	char text[4];

	for (int i = 3; i >= 0; i--, bits >>= 6)
		text[i] = (unsigned int)i > column->count ? '=' :
							    digits[bits & 63];
	fwrite(text, 1, sizeof(text), column->json->out);
	memset(column->bytes, 0, sizeof(column->bytes));
	column->count = 0;
}

static void add_byte(struct json_column *column, uint8_t byte)
{
	column->bytes[column->count++] = byte;
	if (column->count == sizeof(column->bytes))
		write_base64(column);
}

void json_column_open(struct json_column *column, struct json *json,
		      const char *key)
{
	*column = (struct json_column){ .json = json };
	begin_value(json, key);
	putc('"', json->out);
}

void json_column_add(struct json_column *column, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		add_byte(column, (uint8_t)(value | 0x80));
	add_byte(column, (uint8_t)value);
}

void json_column_close(struct json_column *column)
{
	if (column->count > 0)
		write_base64(column);
	putc('"', column->json->out);
}
