/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF files made while a test runs, by the compiler and binutils of the host,
 * in a directory of their own that is removed afterwards.
 */
#ifndef BRINDLE_TESTS_UNWIND_SYMBOLS_FIXTURE_H
#define BRINDLE_TESTS_UNWIND_SYMBOLS_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

struct elf_image;
struct symbol_table;

struct fixture {
	char directory[64];
};

/** A C library with known functions at @directory/lib.so, unstripped. */
bool fixture_create(struct fixture *fixture);
void fixture_destroy(struct fixture *fixture);

/** Runs a shell command in the directory. */
bool fixture_shell(const struct fixture *fixture, const char *command);

/** "@directory/@name"; lives until the next call. */
const char *fixture_path(const struct fixture *fixture, const char *name);

struct elf_image *fixture_open(const struct fixture *fixture,
			       const char *name);
struct symbol_table *fixture_symbols(const struct fixture *fixture,
				     const char *name);

/** Where @symbol begins, by nm in lib.so; 0: it has no such symbol. */
uint64_t fixture_vaddr(const struct fixture *fixture, const char *symbol);

#endif
