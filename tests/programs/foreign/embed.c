// SPDX-License-Identifier: Apache-2.0
// A C program with a Python in it.
//
// usage: embed LIBRARY SCRIPT [ARGUMENT...]
//
// LIBRARY is loaded at run time; "-": the one that this is linked with.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 4096 };

typedef void (*initialize_fn)(int signals);
typedef int (*run_fn)(const char *text);

static void *find(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (found)
		return found;
	fprintf(stderr, "embed: %s\n", dlerror());
	exit(1);
}

// Arguments are paths and numbers of the test's own, without quotes.
static void write_script(char *text, char **arguments)
{
	int at = snprintf(text, TEXT_MAX, "import sys; sys.argv = [");

	for (char **next = arguments; *next && at < TEXT_MAX; next++)
		at += snprintf(text + at, (size_t)(TEXT_MAX - at), "'%s',",
			       *next);
	if (at < TEXT_MAX)
		at += snprintf(text + at, (size_t)(TEXT_MAX - at),
			       "]; f = sys.argv[0]; "
			       "exec(compile(open(f).read(), f, 'exec'))\n");
	if (at >= TEXT_MAX)
		exit(1);
}

__attribute__((noinline)) static int c_embedded(run_fn run, char **arguments)
{
	char text[TEXT_MAX];
	int status;

	write_script(text, arguments);
	status = run(text);
	return status ? 1 : 0; // so that this is no tail call
}

int main(int argc, char **argv)
{
	void *library;

	if (argc < 3)
		return 2;
	library = dlopen(argv[1][0] == '-' ? NULL : argv[1],
			 RTLD_NOW | RTLD_GLOBAL);
	if (!library) {
		fprintf(stderr, "embed: %s\n", dlerror());
		return 1;
	}
	((initialize_fn)find(library, "Py_InitializeEx"))(0);
	return c_embedded((run_fn)find(library, "PyRun_SimpleString"),
			  argv + 2);
}
