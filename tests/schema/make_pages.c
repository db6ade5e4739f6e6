// SPDX-License-Identifier: Apache-2.0
// make_pages FOLDER: flame graph pages for the browser test, each from a
// profile made for it, and FOLDER/NAME.db beside each.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/read/profile.h"
#include "schema/store/store.h"

enum { HZ = 100, BIG_SAMPLES = 120000, BIG_DEPTH = 60 };
#define PERIOD_NS UINT64_C(10000000)
#define START_NS UINT64_C(1000000000)

struct maker {
	struct store *store;
	int64_t thread;
	uint64_t time_ns;
};

static void succeed(struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "make_pages: %s\n", error->message);
	exit(1);
}

static int64_t push(struct store *store, int64_t parent, int64_t function,
		    enum store_status status, uint32_t line)
{
	int64_t frame = store_frame(store, function, status, line, 0);

	return store_callsite(store, 0, parent, frame);
}

static void add_samples(struct maker *maker, int64_t callsite,
			enum store_trust trust, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct store_sample sample = {
			.time_ns = maker->time_ns += 100000,
			.weight = PERIOD_NS,
			.thread_id = maker->thread,
			.callsite_id = callsite,
			.trust = trust,
			.trust_reason = trust == STORE_TRUST_UNPROVEN ?
						"ran-before-read" :
						NULL,
			.walk_end = "root",
		};

		store_add_sample(maker->store, &sample);
	}
}

static void use_thread(struct maker *maker, const char *process, pid_t pid,
		       const char *thread, pid_t tid)
{
	int64_t row = store_process(maker->store, pid, 1, process);

	maker->thread = store_thread(maker->store, row, tid, 1, thread);
}

/*
 * Numbers that can be computed in one's head, 1,000 samples:
 *
 *     main    _start;run:5;fib:11;fib:12            300  proven
 *             _start;run:5;fib:11                   200  unproven
 *             _start;run:6;qsort;do_syscall_64      400  proven
 *     worker  start_thread (guessed)                 60  native
 *             (no frames)                            40  native
 */
static void fill_mixed(struct maker *maker)
{
	struct store *store = maker->store;
	int64_t app = store_module(store, "/bin/app", NULL, 0);
	int64_t libc = store_module(store, "/lib/libc.so.6", NULL, 0);
	int64_t start =
		store_function(store, STORE_NATIVE, "_start", NULL, 0, app);
	int64_t run =
		store_function(store, STORE_PYTHON, "run", "/srv/app.py", 3, 0);
	int64_t fib = store_function(store, STORE_PYTHON, "fib", "/srv/app.py",
				     10, 0);
	int64_t sort =
		store_function(store, STORE_NATIVE, "qsort", NULL, 0, libc);
	int64_t kernel = store_function(store, STORE_KERNEL, "do_syscall_64",
					NULL, 0, 0);
	int64_t clone = store_function(store, STORE_NATIVE, "start_thread",
				       NULL, 0, libc);
	int64_t root = push(store, 0, start, STORE_EXACT, 0);
	int64_t run5 = push(store, root, run, STORE_PROVEN, 5);
	int64_t fib11 = push(store, run5, fib, STORE_PROVEN, 11);
	int64_t unsure = push(store, root, run, STORE_UNPROVEN, 5);
	int64_t run6 = push(store, root, run, STORE_PROVEN, 6);
	int64_t deep = push(store, run6, sort, STORE_EXACT, 0);

	use_thread(maker, "app", 100, "main", 100);
	add_samples(maker, push(store, fib11, fib, STORE_PROVEN, 12),
		    STORE_TRUST_PROVEN, 300);
	add_samples(maker, push(store, unsure, fib, STORE_UNPROVEN, 11),
		    STORE_TRUST_UNPROVEN, 200);
	add_samples(maker, push(store, deep, kernel, STORE_EXACT, 0),
		    STORE_TRUST_PROVEN, 400);
	use_thread(maker, "app", 100, "worker", 101);
	add_samples(maker, push(store, 0, clone, STORE_GUESSED, 0),
		    STORE_TRUST_NATIVE, 60);
	add_samples(maker, 0, STORE_TRUST_NATIVE, 40);
}

// What a name can be made to look like by whoever wants to own the page.
static void fill_hostile(struct maker *maker)
{
	static const char *const names[] = {
		"</script><script>document.title='owned'</script>",
		"<img src=x onerror=\"document.title='owned'\">",
		"<!-- <script>",
		"]]>",
		"\"'`;--\\",
		"${document.title='owned'}",
		"__proto__",
		"constructor",
		"",
		"a;b\nc\td",
		"\xe2\x80\xaegnp.exe",
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
		"\xf0\x9f\x94\xa5 fire",
		"\xe6\xbc\xa2\xe5\xad\x97",
		"\x1b]0;owned\a",
		"https://example.invalid/x.js",
	};
	static char endless[5001];
	int64_t parent = 0;

	memset(endless, 'x', sizeof(endless) - 1);
	use_thread(maker, "<b>process</b>", 1, "</select>", 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int64_t function = store_function(maker->store, STORE_PYTHON,
						  names[i], names[i], 1, 0);

		parent = push(maker->store, parent, function, STORE_PROVEN, 1);
	}
	parent = push(maker->store, parent,
		      store_function(maker->store, STORE_NATIVE, endless, NULL,
				     0, 0),
		      STORE_EXACT, 0);
	add_samples(maker, parent, STORE_TRUST_PROVEN, 10);
	use_thread(maker, "__proto__", 2, "<script>", 2);
	add_samples(maker, parent, STORE_TRUST_PROVEN, 5);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

// Stacks that share their beginnings, as those of a program do, and about
// 100,000 nodes.
static void fill_big(struct maker *maker)
{
	int64_t functions[800], path[BIG_DEPTH];
	uint32_t state = 2463534242u;
	unsigned int depth = 0;
	char name[32];

	for (int i = 0; i < 800; i++) {
		snprintf(name, sizeof(name), "function_%d", i);
		functions[i] = store_function(maker->store,
					      (enum store_kind)(i % 3), name,
					      i % 3 ? NULL : "/srv/big.py",
					      (uint32_t)i, 0);
	}
	use_thread(maker, "big", 1, "big", 1);
	for (unsigned int i = 0; i < BIG_SAMPLES; i++) {
		unsigned int keep = next_random(&state) % (depth + 1);
		unsigned int wanted = 20 + next_random(&state) % 40;

		if (keep + 3 < depth)
			keep = depth - 3;
		for (depth = keep; depth < wanted && depth < keep + 2; depth++)
			path[depth] = push(
				maker->store, depth ? path[depth - 1] : 0,
				functions[(depth * 13 + next_random(&state) % 7) %
					  800],
				depth % 50 == 49 ? STORE_UNPROVEN : STORE_PROVEN,
				0);
		if (depth >= wanted)
			depth = keep > 1 ? keep - 1 : 1;
		add_samples(maker, path[depth - 1], STORE_TRUST_PROVEN, 1);
	}
}

// Python and C, one calling the other 3,000 times over.
static void fill_deep(struct maker *maker)
{
	struct store *store = maker->store;
	int64_t python = store_function(store, STORE_PYTHON, "python_side",
					"/srv/deep.py", 1, 0);
	int64_t native =
		store_function(store, STORE_NATIVE, "native_side", NULL, 0, 0);
	int64_t leaf =
		store_function(store, STORE_KERNEL, "the_leaf", NULL, 0, 0);
	int64_t parent = 0;

	for (int i = 0; i < 3000; i++) {
		parent = push(store, parent, native, STORE_EXACT, 0);
		parent = push(store, parent, python, STORE_PROVEN, 2);
	}
	use_thread(maker, "deep", 1, "deep", 1);
	add_samples(maker, parent, STORE_TRUST_PROVEN, 99);
	add_samples(maker, push(store, parent, leaf, STORE_EXACT, 0),
		    STORE_TRUST_PROVEN, 1);
}

static void fill_tiny(struct maker *maker)
{
	int64_t function = store_function(maker->store, STORE_PYTHON,
					  "<module>", "tiny.py", 1, 0);

	use_thread(maker, "tiny", 1, "tiny", 1);
	add_samples(maker, push(maker->store, 0, function, STORE_PROVEN, 1),
		    STORE_TRUST_PROVEN, 3);
}

static void fill_empty(struct maker *maker)
{
	(void)maker;
}

static void make_page(const char *folder, const char *name,
		      void (*fill)(struct maker *maker))
{
	const struct store_session session = {
		.brindle_version = "0.1",
		.host = "host",
		.kernel = "6.1",
		.architecture = "x86_64",
		.event = "cpu-clock",
		.event_note = "",
		.frequency_hz = HZ,
		.cpu_count = 2,
		.command = "python3 app.py </title><script>1</script>",
		.start_monotonic_ns = START_NS,
		.start_wall_ns = UINT64_C(1700000000000000000),
	};
	struct maker maker = { .time_ns = START_NS };
	struct profile *profile;
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s.db", folder, name);
	succeed(store_open(path, &session, &maker.store));
	fill(&maker);
	succeed(store_close(maker.store, maker.time_ns + PERIOD_NS));
	succeed(profile_open(path, &profile));
	snprintf(path, sizeof(path), "%s/%s.html", folder, name);
	out = fopen(path, "we");
	if (!out) {
		perror(path);
		exit(1);
	}
	succeed(profile_flame(profile, name, out));
	profile_close(profile);
	if (fclose(out) != 0) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_pages FOLDER\n");
		return 2;
	}
	make_page(argv[1], "mixed", fill_mixed);
	make_page(argv[1], "hostile", fill_hostile);
	make_page(argv[1], "big", fill_big);
	make_page(argv[1], "deep", fill_deep);
	make_page(argv[1], "tiny", fill_tiny);
	make_page(argv[1], "empty", fill_empty);
	return 0;
}
