/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPython str, read from a living process, as UTF-8. Lone surrogates become
 * \udcXX escapes, NUL becomes \x00; the result is always valid UTF-8. Longer
 * strings than @limit characters are cut and say so.
 */
#ifndef BRINDLE_UNWIND_PYTHON_TEXT_H
#define BRINDLE_UNWIND_PYTHON_TEXT_H

#include "unwind/live_memory.h"
#include "unwind/python/layout.h"

/** Owned by the caller; NULL when it is no compact str or unreadable. */
char *python_text_read(const struct python_layout *layout,
		       const struct live_memory *memory, uint64_t address,
		       size_t limit, bool *ret_truncated);

/**
 * Bytes that a compact str takes, from the first @size of them; 0: these do not
 * say, or are no compact str.
 */
uint64_t python_text_bytes(const struct python_layout *layout, const void *head,
			   size_t size);

/** The pure part: @units characters of @kind bytes each. NULL: no memory. */
char *python_text_to_utf8(const void *data, size_t units, unsigned int kind);

#endif
