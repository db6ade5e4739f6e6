// SPDX-License-Identifier: Apache-2.0
#include "schema/read/stack_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stack_filter_destroy(struct stack_filter *filter)
{
	if (!filter)
		return;
	pattern_deinit(&filter->show);
	pattern_deinit(&filter->hide);
	free(filter->text);
	free(filter);
}

/* A word of a list, and its bit. */
struct word {
	const char *text;
	unsigned int bit;
};

static const struct word kind_words[] = {
	{ "python", 1u << STORE_PYTHON },
	{ "native", 1u << STORE_NATIVE },
	{ "kernel", 1u << STORE_KERNEL },
	{ "other", 1u << STORE_OTHER },
	{ 0 },
};

static const struct word preset_words[] = {
	{ "interpreter", 1u << STACK_PRESET_INTERPRETER },
	{ "import", 1u << STACK_PRESET_IMPORT },
	{ 0 },
};

static unsigned int bit_of(const struct word *words, const char *text,
			   size_t length)
{
	for (; words->text; words++)
		if (strlen(words->text) == length &&
		    memcmp(words->text, text, length) == 0)
			return words->bit;
	return 0;
}

// "python,kernel"
static struct error *parse_words(const struct word *words, const char *option,
				 const char *text, unsigned int *ret)
{
	*ret = 0;
	while (text && *text) {
		size_t length = strcspn(text, ",");
		unsigned int bit = bit_of(words, text, length);

		if (!bit)
			return error_create(ERROR_USAGE,
					    "%s: there is no '%.*s'; %s, "
					    "%s and the like were expected",
					    option, (int)(length < 40 ? length :
								       40),
					    text, words[0].text, words[1].text);
		*ret |= bit;
		text += length;
		text += *text == ',';
	}
	return NULL;
}

static bool is_empty(const struct stack_filter *filter)
{
	return !filter->show.text && !filter->hide.text && !filter->kinds &&
	       !filter->drop;
}

// "show 'json', only 'python'"; NULL: no memory.
static char *describe(const struct stack_filter_options *options)
{
	const struct {
		const char *name, *text;
	} parts[] = {
		{ "show", options->show },
		{ "hide", options->hide },
		{ "only", options->only },
		{ "drop", options->drop },
	};
	const char *separator = "";
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!parts[i].text || !*parts[i].text)
			continue;
		fprintf(out, "%s%s '%s'", separator, parts[i].name,
			parts[i].text);
		separator = ", ";
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

struct error *stack_filter_create(const struct stack_filter_options *options,
				  struct stack_filter **ret)
{
	struct stack_filter *filter = calloc(1, sizeof(*filter));
	struct error *error;

	if (!filter)
		return &error_nomem;
	error = error_wrap(pattern_init(&filter->show, options->show), "show");
	if (!error)
		error = error_wrap(pattern_init(&filter->hide, options->hide),
				   "hide");
	if (!error)
		error = parse_words(kind_words, "only", options->only,
				    &filter->kinds);
	if (!error)
		error = parse_words(preset_words, "drop", options->drop,
				    &filter->drop);
	if (!error) {
		filter->text = describe(options);
		error = filter->text ? NULL : &error_nomem;
	}
	if (error || is_empty(filter)) {
		stack_filter_destroy(filter);
		filter = NULL;
	}
	if (!error)
		*ret = filter;
	return error;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

// CPython's C code: in the library or the executable, or, where an extension
// has some of it inlined, by the prefixes of its names.
static bool is_interpreter(const char *name, enum store_kind kind,
			   const char *module)
{
	const char *base = base_name(module);

	if (kind != STORE_NATIVE)
		return false;
	if (base && (begins(base, "libpython") || begins(base, "python")))
		return true;
	return begins(name, "_Py") || begins(name, "Py_") ||
	       begins(name, "PyEval_") || begins(name, "PyObject_");
}

// CPython Python/import.c, Lib/importlib/_bootstrap*.py (frozen).
static bool is_import(const char *name, enum store_kind kind, const char *file)
{
	if (kind == STORE_PYTHON)
		return file && (begins(file, "<frozen importlib") ||
				strstr(file, "/importlib/"));
	return kind == STORE_NATIVE &&
	       (begins(name, "PyImport_") || begins(name, "import_"));
}

struct stack_filter_verdict
stack_filter_judge(const struct stack_filter *filter, const char *name,
		   enum store_kind kind, const char *file, const char *module)
{
	const bool presets[STACK_PRESET_COUNT] = {
		[STACK_PRESET_INTERPRETER] = is_interpreter(name, kind, module),
		[STACK_PRESET_IMPORT] = is_import(name, kind, file),
	};
	struct stack_filter_verdict verdict = {
		.shown = filter->show.text &&
			 pattern_matches(&filter->show, name),
		.hidden = filter->hide.text &&
			  pattern_matches(&filter->hide, name),
		.of_kind = !filter->kinds || filter->kinds >> kind & 1,
	};

	verdict.kept = verdict.of_kind;
	for (unsigned int i = 0; i < STACK_PRESET_COUNT; i++)
		if (filter->drop >> i & 1 && presets[i])
			verdict.kept = false;
	return verdict;
}
