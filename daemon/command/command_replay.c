// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "daemon/replay/replay.h"
#include "daemon/replay/replay_print.h"
#include "daemon/replay/replay_profile.h"
#include "daemon/replay/sample_writer.h"

#include <errno.h>
#include <string.h>

enum { KEY_JSON = 256, KEY_SAVE, DIFFERENCES_SHOWN = 3 };

struct replay_arguments {
	const char *path;
	const char *profile; // NULL: none is made
	const char *save;    // NULL: nothing is written
	const char *samples; // "3,7-9"; NULL: all
	bool json, verbose;
};

// One run over a recording.
struct run {
	const struct replay_arguments *arguments;
	struct sample_reader *reader;
	struct replay *replay;
	struct replay_profile *profile;
	struct sample_writer *save;
	struct json json;
	FILE *out;
	uint64_t samples, equal;
	unsigned int shown; // differences
};

// "3,7-9": calls nothing, only says whether @number is meant. False in
// *ret_good: not a list.
static bool list_has(const char *list, unsigned long number, bool *ret_good)
{
	bool found = false;

	*ret_good = true;
	while (*ret_good) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list || *list < '0' || *list > '9')
			*ret_good = false;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
			if (end == list || *list < '0' || *list > '9')
				*ret_good = false;
		}
		found |= first <= number && number <= last;
		if (!*end)
			break;
		if (*end != ',')
			*ret_good = false;
		list = end + 1;
	}
	return found;
}

static bool is_wanted(const struct run *run, size_t number)
{
	bool good;

	return !run->arguments->samples ||
	       list_has(run->arguments->samples, number, &good);
}

static void show_difference(struct run *run, const struct replay_stack *replayed)
{
	struct replay_stack recorded = *replayed;

	recorded.walk = &replayed->sample->walk;
	if (run->shown++ >= DIFFERENCES_SHOWN || run->arguments->json)
		return;
	replay_print_stack(&recorded, "recorded", run->out);
	replay_print_stack(replayed, "replayed", run->out);
	fputc('\n', run->out);
}

static void show_json(struct run *run, const struct replay_stack *replayed,
		      bool equal)
{
	struct replay_stack recorded = *replayed;

	recorded.walk = &replayed->sample->walk;
	if (equal && !run->arguments->verbose)
		return;
	json_open(&run->json, NULL, '{');
	json_bool(&run->json, "equal", equal);
	replay_json_stack(&recorded, "recorded", &run->json);
	if (!equal)
		replay_json_stack(replayed, "replayed", &run->json);
	json_close(&run->json, '}');
}

static void show(struct run *run, const struct replay_stack *stack, bool equal)
{
	if (run->arguments->json)
		show_json(run, stack, equal);
	else if (!equal)
		show_difference(run, stack);
	else if (run->arguments->verbose)
		replay_print_stack(stack, "", run->out);
}

static struct error *save(struct run *run, size_t number,
			  struct kept_sample *sample, bool equal)
{
	const char *reason;
	uint32_t trust;
	int64_t saved;

	if (equal) {
		struct error *error = replay_trim(run->replay, sample);

		if (error)
			return error;
	}
	saved = sample_writer_add(run->save, sample);
	if (sample_reader_verdict(run->reader, number, &trust, &reason))
		sample_writer_verdict(run->save, saved, trust, reason);
	for (size_t i = 0; i < sample->chain_count; i++)
		for (uint64_t at = sample->chain[i] - 1;
		     at <= sample->chain[i]; at++) {
			const char *name = sample_reader_kernel_symbol(
				run->reader, at);

			if (name)
				sample_writer_kernel_symbol(run->save, at,
							    name);
		}
	return NULL;
}

static struct error *replay_one(struct run *run, size_t number)
{
	struct kept_sample sample;
	struct walk_result walk;
	struct replay_stack stack = { run->reader, number, &sample, &walk };
	struct error *error = sample_reader_get(run->reader, number, &sample);
	bool equal;

	if (error)
		return error;
	replay_walk(run->replay, &sample, &walk);
	equal = replay_is_equal(&sample.walk, &walk);
	run->samples++;
	run->equal += equal;
	show(run, &stack, equal);
	if (run->profile)
		error = replay_profile_add(run->profile, number, &sample,
					   &walk, equal);
	if (!error && run->save)
		error = save(run, number, &sample, equal);
	return error;
}

static void begin_output(struct run *run)
{
	if (!run->arguments->json)
		return;
	json_open(&run->json, NULL, '{');
	json_text(&run->json, "file", run->arguments->path);
	json_open(&run->json, "samples", '[');
}

static void end_output(struct run *run, const char *problem)
{
	unsigned long long different = run->samples - run->equal;

	if (!run->arguments->json) {
		fprintf(run->out, "%llu samples: %llu equal, %llu different\n",
			(unsigned long long)run->samples,
			(unsigned long long)run->equal, different);
		return;
	}
	json_close(&run->json, ']');
	json_integer(&run->json, "count", (int64_t)run->samples);
	json_integer(&run->json, "equal", (int64_t)run->equal);
	json_integer(&run->json, "different", (int64_t)different);
	json_text(&run->json, "problem", problem);
	json_close(&run->json, '}');
	fputc('\n', run->out);
}

static struct error *open_outputs(struct run *run)
{
	const struct replay_arguments *arguments = run->arguments;
	struct error *error = NULL;
	uint64_t monotonic_ns, wall_ns;

	if (arguments->profile)
		error = replay_profile_create(arguments->profile,
					      arguments->path, run->reader,
					      &run->profile);
	if (error || !arguments->save)
		return error;
	sample_reader_start(run->reader, &monotonic_ns, &wall_ns);
	sample_reader_shorten_paths(run->reader);
	return sample_writer_create(arguments->save,
				    sample_reader_arch(run->reader),
				    monotonic_ns, wall_ns, &run->save);
}

static struct error *close_outputs(struct run *run, struct error *error)
{
	struct error *closing = replay_profile_close(run->profile);

	if (!error)
		error = take_ptr(closing);
	error_destroy(closing);
	closing = sample_writer_close(run->save);
	if (!error)
		error = take_ptr(closing);
	error_destroy(closing);
	if (!error && (fflush(run->out) || ferror(run->out)) && errno != EPIPE)
		error = error_from_errno(errno, "write standard output");
	return error;
}

// Whatever could be read is replayed before the rest is complained about.
static struct error *replay_all(struct run *run)
{
	const struct error *problem = sample_reader_problem(run->reader);
	size_t count = sample_reader_count(run->reader);
	struct error *error = open_outputs(run);

	if (error)
		return close_outputs(run, error);
	begin_output(run);
	for (size_t i = 0; i < count && !error; i++)
		if (is_wanted(run, i))
			error = replay_one(run, i);
	if (!error && !run->samples && run->arguments->samples)
		error = error_create(ERROR_NOT_FOUND, "no such sample: the "
				     "recording has %zu", count);
	if (!error && problem)
		error = error_create(problem->code, "'%s': %s",
				     run->arguments->path, problem->message);
	end_output(run, error ? error->message : NULL);
	return close_outputs(run, error);
}

static struct error *replay_file(struct run *run)
{
	struct error *error =
		sample_reader_open(run->arguments->path, &run->reader);

	if (!error)
		error = replay_create(sample_reader_arch(run->reader),
				      &run->replay);
	if (!error)
		error = replay_all(run);
	replay_destroy(run->replay);
	sample_reader_destroy(run->reader);
	return error;
}

static void check_list(const char *list, struct argp_state *state)
{
	bool good;

	list_has(list, 0, &good);
	if (!good)
		argp_error(state, "--sample wants numbers, such as 3,7-9, not "
				  "'%s'", list);
}

static error_t parse_replay(int key, char *argument, struct argp_state *state)
{
	struct replay_arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->profile = argument;
		return 0;
	case 's':
		check_list(argument, state);
		arguments->samples = argument;
		return 0;
	case 'v':
		arguments->verbose = true;
		return 0;
	case KEY_JSON:
		arguments->json = true;
		return 0;
	case KEY_SAVE:
		arguments->save = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->path)
			argp_error(state, "one recording, please");
		arguments->path = argument;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->path)
			argp_error(state, "which recording? FILE of record "
					  "--keep-samples");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option replay_options[] = {
	{ "verbose", 'v', 0, 0, "show every stack, leaf first", 0 },
	{ "json", KEY_JSON, 0, 0, "print JSON: what differs, and with "
				  "--verbose everything", 0 },
	{ "sample", 's', "LIST", 0, "these samples only, such as 3,7-9", 0 },
	{ "output", 'o', "FILE", 0, "make a profile of the samples", 0 },
	{ "save", KEY_SAVE, "FILE", 0,
	  "write the samples to a new recording, trimmed to what their stacks "
	  "need, paths cut to their last part", 0 },
	{ 0 },
};

static const struct argp replay_argp = {
	.options = replay_options,
	.parser = parse_replay,
	.args_doc = "FILE",
	.doc = "Unwinds recorded samples again and compares: the same frames "
	       "must come out. Needs nothing but FILE, neither the programs "
	       "nor their processes.\v"
	       "Examples:\n"
	       "  brindle record --keep-samples app.samples -- python3 app.py\n"
	       "  brindle replay app.samples\n"
	       "  brindle replay app.samples --sample 17 --verbose\n"
	       "  brindle replay app.samples --sample 17 --save bug.samples\n\n"
	       "The exit status is 0 when every sample came out equal, 1 when "
	       "not or when FILE is truncated or broken.\n",
};

int command_replay(int argc, char **argv)
{
	struct replay_arguments arguments = { 0 };
	struct run run = { .arguments = &arguments, .out = stdout };
	struct error *error;

	argp_parse(&replay_argp, argc, argv, 0, NULL, &arguments);
	run.json.out = stdout;
	error = replay_file(&run);
	if (error)
		return command_fail(error);
	return run.equal == run.samples ? 0 : 1;
}
