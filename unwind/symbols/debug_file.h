/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where are the symbols that were stripped off a file? In a separate debug file
 * named by build-id or by .gnu_debuglink, or in the file itself, compressed, as
 * .gnu_debugdata ("mini debug information"). All three yield an ELF image that
 * belongs to the caller, or NULL when there is none: then names stay unknown.
 *
 * A debug file is believed only when its build-id is the same; without one, the
 * link's CRC decides. Authority: GDB manual, "Debugging Information in Separate
 * Files" and "MiniDebugInfo".
 */
#ifndef BRINDLE_UNWIND_SYMBOLS_DEBUG_FILE_H
#define BRINDLE_UNWIND_SYMBOLS_DEBUG_FILE_H

#include "base/error.h"

struct elf_image;

/** @path is the file's own, or NULL; @root is "/usr/lib/debug" but in tests. */
struct elf_image *debug_file_open(struct elf_image *image, const char *path,
				  const char *root);

struct elf_image *debug_file_embedded(struct elf_image *image);

#endif
