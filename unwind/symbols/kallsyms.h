/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel function names from /proc/kallsyms, loaded once. Addresses read as
 * zero without CAP_SYSLOG; then there are none and names stay addresses.
 */
#ifndef BRINDLE_UNWIND_SYMBOLS_KALLSYMS_H
#define BRINDLE_UNWIND_SYMBOLS_KALLSYMS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct kallsyms;

/** @path is /proc/kallsyms but in tests. */
struct error *kallsyms_load(const char *path, struct kallsyms **ret);

/** The same from @fd, from where it stands; it stays the caller's. */
struct error *kallsyms_read(int fd, struct kallsyms **ret);
void kallsyms_destroy(struct kallsyms *symbols);

/** The name of the function at @address and its module ("" for the kernel
 *  proper); NULL when not known. Borrowed. */
const char *kallsyms_find(const struct kallsyms *symbols, uint64_t address,
			  const char **ret_module);
size_t kallsyms_count(const struct kallsyms *symbols);

#endif
