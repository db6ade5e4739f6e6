/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which source line does a bytecode offset belong to? There are three formats.
 *
 * 3.11: the location table. One entry: a byte 0x80 | kind << 3 | (units - 1),
 * then by kind
 *   0-9 short form: 1 byte of columns; 10-12 one line: line += kind - 10, 2
 *   bytes; 13 no columns: svarint line; 14 long: svarint line, 3 varints;
 *   15 no location.
 * Varints carry six bits a byte, least significant first, 0x40 continues.
 *
 * 3.10: pairs of bytes, how far an entry reaches and how much the line grows;
 * -128 means that it has no line.
 *
 * Up to 3.9, lnotab: pairs of bytes, how far it is to an address and by how much
 * the line has grown there.
 *
 * Authority: CPython 3.12 Objects/locations.md and Objects/codeobject.c, 3.10
 * and 3.9 Objects/lnotab_notes.txt.
 */
#ifndef BRINDLE_UNWIND_PYTHON_LINE_TABLE_H
#define BRINDLE_UNWIND_PYTHON_LINE_TABLE_H

#include "unwind/python/layout.h"

#include <stddef.h>
#include <stdint.h>

/** Line of byte offset @offset; 0: no line, not covered, or a broken table. */
uint32_t line_table_find(enum python_lines format, const uint8_t *table,
			 size_t size, uint32_t first_line, uint32_t offset);

#endif
