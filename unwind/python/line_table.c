// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/line_table.h"

#include "base/reader.h"

enum {
	KIND_ONE_LINE_0 = 10, // 10, 11, 12: the line grows by 0, 1, 2
	KIND_ONE_LINE_2 = 12,
	KIND_NO_COLUMNS = 13,
	KIND_LONG = 14,
	KIND_NONE = 15,
	VARINT_BYTES_MAX = 6, // 36 bits: more than a C int ever needs
	BYTES_PER_UNIT = 2,
	NO_LINE = -128, // of 3.10
};

static uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;
	uint8_t byte;

	for (unsigned int i = 0; i < VARINT_BYTES_MAX; i++) {
		byte = reader_u8(reader);
		value |= (uint64_t)(byte & 0x3f) << (6 * i);
		if (!(byte & 0x40))
			return value;
	}
	reader->failed = true;
	return 0;
}

// The sign is the lowest bit.
static int64_t read_signed_varint(struct reader *reader)
{
	uint64_t value = read_varint(reader);

	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

// Reads the rest of an entry and moves @line on. False: it has no line.
static bool read_location(struct reader *reader, unsigned int kind,
			  int64_t *line)
{
	switch (kind) {
	case KIND_NONE:
		return false;
	case KIND_LONG:
		*line += read_signed_varint(reader);
		read_varint(reader); // end line
		read_varint(reader); // columns
		read_varint(reader);
		return true;
	case KIND_NO_COLUMNS:
		*line += read_signed_varint(reader);
		return true;
	case KIND_ONE_LINE_0 ... KIND_ONE_LINE_2:
		*line += kind - KIND_ONE_LINE_0;
		reader_bytes(reader, 2);
		return true;
	}
	reader_bytes(reader, 1);
	return true;
}

static uint32_t line_of(int64_t line)
{
	return line > 0 && line <= UINT32_MAX ? (uint32_t)line : 0;
}

static uint32_t find_in_locations(const uint8_t *table, size_t size,
				  uint32_t first_line, uint32_t offset)
{
	struct reader reader;
	int64_t line = first_line;
	uint64_t end = 0;

	reader_init(&reader, table, size);
	while (reader_left(&reader)) {
		uint8_t head = reader_u8(&reader);
		bool has_line = read_location(&reader, head >> 3 & 15, &line);

		// 0x80 starts each entry and nothing else: a table without it
		// is not one, or was torn.
		if (reader.failed || !(head & 0x80))
			return 0;
		end += (uint64_t)((head & 7) + 1) * BYTES_PER_UNIT;
		if (offset < end)
			return has_line ? line_of(line) : 0;
	}
	return 0;
}

// An entry without a line does not change the line of those behind it.
static uint32_t find_in_pairs(const uint8_t *table, size_t size,
			      uint32_t first_line, uint32_t offset)
{
	int64_t line = first_line;
	uint64_t end = 0;

	for (size_t at = 0; at + 1 < size; at += 2) {
		int8_t growth = (int8_t)table[at + 1];

		end += table[at];
		if (growth != NO_LINE)
			line += growth;
		if (offset < end)
			return growth != NO_LINE ? line_of(line) : 0;
	}
	return 0;
}

static uint32_t find_in_lnotab(const uint8_t *table, size_t size,
			       uint32_t first_line, uint32_t offset)
{
	int64_t line = first_line;
	uint64_t address = 0;

	for (size_t at = 0; at + 1 < size; at += 2) {
		address += table[at];
		if (address > offset)
			break;
		line += (int8_t)table[at + 1];
	}
	return line_of(line);
}

uint32_t line_table_find(enum python_lines format, const uint8_t *table,
			 size_t size, uint32_t first_line, uint32_t offset)
{
	switch (format) {
	case PYTHON_LINES_LOCATIONS:
		return find_in_locations(table, size, first_line, offset);
	case PYTHON_LINES_PAIRS:
		return find_in_pairs(table, size, first_line, offset);
	case PYTHON_LINES_LNOTAB:
		return find_in_lnotab(table, size, first_line, offset);
	}
	return 0;
}
