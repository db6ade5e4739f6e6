/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks everything of bytes that may be an ELF file; for truncated, bent and
 * fuzzed ones.
 */
#ifndef BRINDLE_TESTS_UNWIND_NATIVE_EXERCISE_ELF_H
#define BRINDLE_TESTS_UNWIND_NATIVE_EXERCISE_ELF_H

#include <stdbool.h>
#include <stddef.h>

struct cfi_table;

/** False: refused with an error, which has a message. */
bool exercise_elf(const void *bytes, size_t size);

/** Looks up and steps from addresses around each change of row. */
void exercise_table(const struct cfi_table *table);

#endif
