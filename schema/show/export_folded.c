// SPDX-License-Identifier: Apache-2.0
// Folded stacks, as flamegraph.pl, inferno and speedscope read them: one line
// for each stack, its frames from the root on, and how often it was seen.
//
//     _start;main;serve;json.loads;do_syscall_64_[k] 42
//
// Lines are in the order of their names, so that two exports can be compared.
#include "schema/read/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "schema/read/excerpt.h"

struct folding {
	FILE *out;  /* borrowed */
	char *path; /* owned; the way down to the node, without the root */
	size_t size, capacity;
	bool no_memory;
};

// ';' separates frames and a newline ends the stack; a NUL cannot be here.
static char foldable(char byte)
{
	if (byte == ';')
		return ':';
	return byte == '\n' || byte == '\r' ? ' ' : byte;
}

static bool push_name(struct folding *folding,
		      const struct call_function *function)
{
	const char *suffix = function->kind == STORE_KERNEL ? "_[k]" : "";
	size_t length = strlen(function->name);
	size_t wanted = folding->size + length + sizeof(";_[k]");
	char *end;

	if (!array_reserve((void **)&folding->path, &folding->capacity, wanted,
			   1))
		return false;
	end = folding->path + folding->size;
	if (folding->size > 0)
		*end++ = ';';
	for (size_t i = 0; i < length; i++)
		*end++ = foldable(function->name[i]);
	end = stpcpy(end, suffix);
	folding->size = (size_t)(end - folding->path);
	return true;
}

// Samples without frames are no stacks.
static bool is_hidden(const struct call_tree *tree, uint32_t index)
{
	return index == 0 || index == tree->bare_node;
}

static void enter_node(const struct call_tree *tree, uint32_t index,
		       void *context)
{
	const struct call_node *node = &tree->nodes[index];
	struct folding *folding = context;

	if (folding->no_memory || is_hidden(tree, index))
		return;
	if (!push_name(folding, &tree->functions[node->function])) {
		folding->no_memory = true;
		return;
	}
	if (node->self.samples == 0)
		return;
	fwrite(folding->path, 1, folding->size, folding->out);
	fprintf(folding->out, " %" PRIu64 "\n", node->self.samples);
}

// What was pushed for a name is as long as the name: what replaces a byte is
// one byte.
static void leave_node(const struct call_tree *tree, uint32_t index,
		       void *context)
{
	const struct call_function *function =
		&tree->functions[tree->nodes[index].function];
	struct folding *folding = context;
	size_t length = strlen(function->name);

	if (folding->no_memory || is_hidden(tree, index))
		return;
	if (function->kind == STORE_KERNEL)
		length += strlen("_[k]");
	folding->size -= length;
	if (folding->size > 0)
		folding->size--;
}

struct error *profile_export_folded(struct profile *profile, FILE *out)
{
	struct folding folding = { .out = out };
	struct excerpt excerpt;
	struct error *error;

	error = excerpt_load(&excerpt, profile, CALL_TREE_BY_NAME, TALLY_BY_GROUP);
	if (error)
		return error_wrap(error, "export folded stacks");
	call_tree_walk(&excerpt.tree, enter_node, leave_node, &folding);
	free(folding.path);
	excerpt_deinit(&excerpt);
	if (folding.no_memory)
		return &error_nomem;
	if (ferror(out))
		return error_from_errno(errno, "write the folded stacks");
	return NULL;
}
