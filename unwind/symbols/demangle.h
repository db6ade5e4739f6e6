/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demangling of C++ and Rust names by libiberty, with bounds on the length of
 * what goes in and of what comes out: mangled names are foreign data, and a few
 * bytes of back references can stand for gigabytes.
 */
#ifndef BRINDLE_UNWIND_SYMBOLS_DEMANGLE_H
#define BRINDLE_UNWIND_SYMBOLS_DEMANGLE_H

enum {
	DEMANGLE_INPUT_MAX = 4096,
	DEMANGLE_OUTPUT_MAX = 16384,
};

/** A readable name, owned by the caller: @name itself when not mangled, too
 *  long or broken. Version suffixes (@@GLIBC_2.34) are cut. NULL: no memory. */
char *demangle(const char *name);

#endif
