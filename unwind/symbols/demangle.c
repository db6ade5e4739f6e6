// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/demangle.h"

#include "base/cleanup.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

struct output {
	size_t size;
	jmp_buf too_long;
	char text[DEMANGLE_OUTPUT_MAX];
};

/*
 * libiberty goes on printing whatever we answer, and back references double
 * what they repeat: 200 bytes in can mean 2^60 out. So we leave by longjmp(),
 * which loses nothing: in its callback variants libiberty keeps all but decoded
 * Punycode on the stack.
 */
static void append(const char *piece, size_t size, void *context)
{
	struct output *output = context;

	if (size >= sizeof(output->text) - output->size)
		longjmp(output->too_long, 1);
	// An empty piece may come without an address.
	if (size)
		memcpy(output->text + output->size, piece, size);
	output->size += size;
}

static bool print(const char *mangled, struct output *output)
{
	int options = DMGL_PARAMS | DMGL_ANSI;
	bool good = false;

	// Old Rust names look like C++ ones and are told by their hash suffix.
	if (rust_demangle_callback(mangled, options, append, output))
		good = true;
	if (!good) {
		output->size = 0;
		good = cplus_demangle_v3_callback(mangled, options, append,
						  output);
	}
	output->text[output->size] = '\0';
	return good && output->size;
}

static char *demangle_bounded(const char *mangled)
{
	struct output *output = calloc(1, sizeof(*output));
	char *text = NULL;

	if (!output)
		return NULL;
	if (!setjmp(output->too_long) && print(mangled, output))
		text = strdup(output->text);
	free(output);
	return text;
}

char *demangle(const char *name)
{
	_cleanup_free_ char *plain = NULL;
	char *readable = NULL;
	size_t size = strcspn(name, "@");

	// A name may begin with '@', as some compilers' helpers do.
	plain = size ? strndup(name, size) : strdup(name);
	if (!plain)
		return NULL;
	if (plain[0] == '_' && (plain[1] == 'Z' || plain[1] == 'R') &&
	    strnlen(plain, DEMANGLE_INPUT_MAX) < DEMANGLE_INPUT_MAX)
		readable = demangle_bounded(plain);
	return readable ? readable : take_ptr(plain);
}
