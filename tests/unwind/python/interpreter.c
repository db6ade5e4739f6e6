// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/python/interpreter.h"

#include "base/cleanup.h"
#include "tests/cmocka.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const usual_places[] = {
	"~/.pyenv/versions/3.[6-9].*/bin/python3.[6-9]",
	"~/.pyenv/versions/3.10.*/bin/python3.10",
	"~/.pyenv/versions/3.11.*/bin/python3.11",
	"~/.pyenv/versions/3.12.*/bin/python3.12",
	"~/.pyenv/versions/3.13.*/bin/python3.13",
	"/usr/bin/python3.1[123]",
	// Of tests/interpreters.sh.
	"~/.cache/brindle/interpreters/3.13t/bin/python3.13t",
	"~/.cache/brindle/interpreters/sid/usr/bin/python3.1[345]",
};

enum { PLACES = sizeof(usual_places) / sizeof(usual_places[0]) };

static void find_in(glob_t *found, const char *pattern)
{
	int flags = GLOB_TILDE | (found->gl_pathc ? GLOB_APPEND : 0);

	// To go to another root takes root.
	if (strstr(pattern, "/sid/") && geteuid() != 0)
		return;
	if (glob(pattern, flags, NULL, found) == GLOB_NOSPACE)
		fail_msg("out of memory");
}

void interpreters_init(struct interpreters *interpreters)
{
	const char *given = getenv("BRINDLE_TEST_PYTHONS");
	glob_t *found = &interpreters->found;
	char *paths, *path;

	*interpreters = (struct interpreters){ 0 };
	if (!given) {
		for (size_t i = 0; i < PLACES; i++)
			find_in(found, usual_places[i]);
		return;
	}
	paths = strdup(given);
	assert_non_null(paths);
	for (path = strtok(paths, ":"); path; path = strtok(NULL, ":"))
		find_in(found, path);
	free(paths);
}

void interpreters_deinit(struct interpreters *interpreters)
{
	globfree(&interpreters->found);
}

void interpreter_file(const char *name, char *ret, size_t size)
{
	const char *top = getenv("srcdir");

	snprintf(ret, size, "%s/tests/unwind/python/%s", top ? top : ".", name);
}

// Of an interpreter in another root: where "/sid/" ends is what is the root
// for it. The script's folder is there, too.
static void run_in_root(const char *path, const char *inside, const char *script)
{
	char tool[4096], root[4096], folder[4096];

	interpreter_file("../../in_root.sh", tool, sizeof(tool));
	snprintf(root, sizeof(root), "%.*s", (int)(inside - path), path);
	snprintf(folder, sizeof(folder), "%.*s",
		 (int)(strrchr(script, '/') - script), script);
	execl(tool, tool, root, folder, inside, "-B", script, NULL);
}

static void run_script(const char *path, const char *script, int input,
		       int output)
{
	const char *sid = strstr(path, "/sid/");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	if (sid)
		run_in_root(path, sid + strlen("/sid"), script);
	else
		execl(path, path, "-B", script, NULL);
	_exit(127);
}

void interpreter_start(struct interpreter *interpreter, const char *path,
		       const char *script)
{
	_cleanup_free_ char *file = NULL;
	char name[4096];
	int in[2], out[2];

	interpreter_file(script, name, sizeof(name));
	file = realpath(name, NULL);
	assert_non_null(file);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	interpreter->pid = fork();
	assert_true(interpreter->pid >= 0);
	if (interpreter->pid == 0)
		run_script(path, file, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	interpreter->input = fdopen(in[1], "w");
	interpreter->output = fdopen(out[0], "r");
	assert_non_null(interpreter->input);
	assert_non_null(interpreter->output);
}

void interpreter_stop(struct interpreter *interpreter)
{
	int status;

	fclose(interpreter->input);
	fclose(interpreter->output);
	assert_int_equal(waitpid(interpreter->pid, &status, 0),
			 interpreter->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

char *interpreter_program(const char *name)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[4096];
	char *program = NULL;
	size_t size = 0;

	interpreter_file(name, path, sizeof(path));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(getdelim(&program, &size, EOF, file) > 0);
	return program;
}
