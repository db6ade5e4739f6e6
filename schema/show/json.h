/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259), written as it is said: open, members, close. The writer
 * puts the commas. A member of an object has a key, an element of an array has
 * none (NULL). What comes out is plain ASCII where a terminal or an HTML page
 * could be driven by it: control characters, text that reorders or hides, and
 * '<', so that it may stand inside <script type="application/json">.
 */
#ifndef BRINDLE_SCHEMA_SHOW_JSON_H
#define BRINDLE_SCHEMA_SHOW_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out; /* borrowed */
	bool comma; /* the next value is not the first of its container */
};

/** @bracket '{' or '['; closed with the matching one. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);

/** @text is UTF-8; malformed bytes become U+FFFD. NULL is null. */
void json_text(struct json *json, const char *key, const char *text);
void json_integer(struct json *json, const char *key, int64_t value);
/** @value with six decimals: shares. */
void json_real(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);

/**
 * A column of numbers, written as one string: unsigned LEB128 in base64. A
 * browser decodes a million of them in milliseconds.
 */
struct json_column {
	struct json *json; /* borrowed */
	uint8_t bytes[3];
	unsigned int count;
};

void json_column_open(struct json_column *column, struct json *json,
		      const char *key);
void json_column_add(struct json_column *column, uint64_t value);
void json_column_close(struct json_column *column);

#endif
