// SPDX-License-Identifier: Apache-2.0
// A C program with two Pythons in it, a thread for each.
//
// usage: embed_two LIBRARY HOME SCRIPT SECONDS LIBRARY HOME SCRIPT SECONDS
//
// Each library is loaded for itself, so that neither finds the other's functions.
// Modules that are files of their own find none: the scripts do without.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum { TEXT_MAX = 4096, HOME_MAX = 1024 };

static void *find(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (found)
		return found;
	fprintf(stderr, "embed_two: %s\n", dlerror());
	exit(1);
}

static void initialize(void *library, const char *home)
{
	static _Thread_local wchar_t wide[HOME_MAX];
	void (*set_home)(const wchar_t *) = find(library, "Py_SetPythonHome");
	void (*start)(int) = find(library, "Py_InitializeEx");

	*(int *)find(library, "Py_NoSiteFlag") = 1;
	if (mbstowcs(wide, home, HOME_MAX) >= HOME_MAX)
		exit(1);
	set_home(wide);
	start(0);
}

static void *run(void *data)
{
	char **words = data;
	void *library = dlopen(words[0], RTLD_NOW | RTLD_LOCAL);
	int (*run_text)(const char *);
	char text[TEXT_MAX];

	if (!library) {
		fprintf(stderr, "embed_two: %s\n", dlerror());
		exit(1);
	}
	initialize(library, words[1]);
	run_text = find(library, "PyRun_SimpleString");
	snprintf(text, sizeof(text),
		 "import sys; sys.argv = ['%s', '%s']; f = sys.argv[0]; "
		 "exec(compile(open(f).read(), f, 'exec'))\n",
		 words[2], words[3]);
	if (run_text(text))
		exit(1);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct timespec while_it_starts = { 0, 300 * 1000 * 1000 };
	pthread_t first;

	if (argc != 9 || pthread_create(&first, NULL, run, argv + 1))
		return 2;
	nanosleep(&while_it_starts, NULL);
	run(argv + 5);
	pthread_join(first, NULL);
	_exit(0); // neither knows of the other when it ends
}
