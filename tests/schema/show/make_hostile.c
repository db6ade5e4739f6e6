// SPDX-License-Identifier: Apache-2.0
// make_hostile PROFILE: a profile whose names, of functions, files, modules,
// threads and processes, want to be something else than names. 200 of them,
// which are printed as JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/show/json.h"
#include "schema/store/store.h"

enum { HZ = 100, NAMES = 200 };
#define PERIOD_NS UINT64_C(10000000)
#define START_NS UINT64_C(1000000000)
#define WALL_NS UINT64_C(1700000000000000000)

static const char *const patterns[] = {
	"</script><script>alert(%d)</script>", "<img src=x onerror=alert(%d)>",
	"\"onmouseover=\"alert(%d)", "';alert(%d);//", "javascript:alert(%d)",
	"]]><script>alert(%d)</script>", "<!--%d", "-->%d", "&lt;b&gt;%d&amp;",
	"=cmd|' /C calc'!A%d", "+%d+1", "-%d-1", "@SUM(%d)", "\t=%d", "a,%d\"b",
	"a;b;%d", "line\nbreak%d", "carriage\rreturn%d", "\x1b[2J\x1b]0;%d\x07",
	"back\\slash%d\\", "\\u003cscript\\u003e%d", "{\"a\":%d}", "${%d}", "%%s%%n%d",
	"\xe2\x80\xae%dtxt.exe", "zero\xe2\x80\x8bwidth%d", "\xf0\x9f\x90\x95%d",
	"caf\xc3\xa9%d", "e\xcc\x81%d", "\xef\xbf\xbe%d", "\xc2\x85%d", "\x7f%d",
	"(%d)", "f (in libc.so.6) + %d", "g (/app.py:%d)", "0x%x", "native 0x%x",
	"_[k]%d", "<url(https://evil.example/%d)>", "@import '//evil.example/%d'",
	"' OR 1=1; DROP TABLE sample; -- %d", "../../../../etc/passwd%d",
	"file:///etc/passwd#%d", "COM1:%d", "__proto__", "constructor", "toString",
	"NaN", "null", " ", "  leading%d", "trailing%d  ",
};

static void succeed(struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "make_hostile: %s\n", error->message);
	exit(1);
}

// Owned by the caller.
static char *name_of(int number)
{
	size_t count = sizeof(patterns) / sizeof(*patterns);
	char text[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	snprintf(text, sizeof(text), patterns[(size_t)number % count], number);
#pragma GCC diagnostic pop
	return strdup(text);
}

// A Python function that calls a native one that calls the kernel.
static int64_t push_stack(struct store *store, const char *name)
{
	int64_t module = store_module(store, name, NULL, 0);
	const int64_t functions[] = {
		store_function(store, STORE_PYTHON, name, name, 3, 0),
		store_function(store, STORE_NATIVE, name, NULL, 0, module),
		store_function(store, STORE_KERNEL, name, NULL, 0, 0),
	};
	int64_t callsite = 0;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		callsite = store_callsite(
			store, 0, callsite,
			store_frame(store, functions[i],
				    i ? STORE_EXACT : STORE_PROVEN, i ? 0 : 7,
				    i ? 0x1000 + i : 0));
	return callsite;
}

static void add_name(struct store *store, const char *name, int number)
{
	int64_t process = store_process(store, 100 + number, 1, name);
	const struct store_sample sample = {
		.time_ns = START_NS + (uint64_t)number * PERIOD_NS,
		.weight = PERIOD_NS,
		.thread_id = store_thread(store, process, 100 + number, 1, name),
		.callsite_id = number % 50 == 49 ? 0 : push_stack(store, name),
		.trust = STORE_TRUST_PROVEN,
		.walk_end = "root",
	};

	for (int i = 0; i <= number % 3; i++)
		store_add_sample(store, &sample);
}

int main(int argc, char **argv)
{
	const struct store_session session = {
		.brindle_version = "test",
		.host = "<b>host</b>",
		.kernel = "kernel",
		.architecture = "x86_64",
		.command = "</title><script>alert(1)</script>",
		.event = "cpu-clock",
		.event_note = "",
		.frequency_hz = HZ,
		.cpu_count = 2,
		.start_monotonic_ns = START_NS,
		.start_wall_ns = WALL_NS,
	};
	struct json json = { .out = stdout };
	struct store *store;

	if (argc != 2)
		return 2;
	succeed(store_open(argv[1], &session, &store));
	json_open(&json, NULL, '[');
	for (int i = 0; i < NAMES; i++) {
		char *name = name_of(i);

		if (!name)
			return 1;
		add_name(store, name, i);
		json_text(&json, NULL, name);
		free(name);
	}
	json_close(&json, ']');
	succeed(store_close(store, START_NS + NAMES * PERIOD_NS));
	return 0;
}
