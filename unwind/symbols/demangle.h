/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demangling by libiberty (C++, Rust, D, Go as far as it knows), with a bound
 * on length, for mangled names are foreign data.
 */
#ifndef BRINDLE_UNWIND_SYMBOLS_DEMANGLE_H
#define BRINDLE_UNWIND_SYMBOLS_DEMANGLE_H

/** A readable name, owned by the caller: @name itself when not mangled, too
 *  long or broken. Version suffixes (@@GLIBC_2.34) are cut. NULL: no memory. */
char *demangle(const char *name);

#endif
