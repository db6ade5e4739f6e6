// SPDX-License-Identifier: Apache-2.0
// The flame graph as an image, root on top: plain SVG 1.1 that refers to
// nothing and runs nothing. A box's name and numbers are its tooltip. What is
// too narrow to be seen is not drawn.
#include "schema/show/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "schema/read/excerpt.h"

enum {
	WIDTH = 1200, MARGIN = 10, ROW = 17, HEAD = 40, FOOT = 26,
	NODES_MAX = 20000,
	SHADES = 4,
};
#define NARROWEST 0.4
#define LETTER 6.7 /* of a monospace font of 11 pixels */

/* As the dashboard has them, in its light theme. */
static const char *const fills[][SHADES] = {
	[STORE_PYTHON] = { "#93bbe9", "#a2c5ed", "#86b1e3", "#b0cff1" },
	[STORE_NATIVE] = { "#f0bf7a", "#f3ca8e", "#eab468", "#f6d5a3" },
	[STORE_KERNEL] = { "#82cba9", "#92d4b6", "#74c19d", "#a2dcc2" },
	[STORE_OTHER] = { "#cbc5bc", "#d3cec6", "#c2bbb1", "#dad6cf" },
};

struct drawing {
	const struct excerpt *excerpt; /* borrowed */
	FILE *out;		       /* borrowed */
	double *lefts;	  /* owned; of each node, in pixels */
	uint32_t *depths; /* owned; of each node */
	uint32_t deepest;
	double scale; /* pixels of a weight of 1 */
};

// What drives or hides is spelled out: not everything that could is allowed in
// XML, even escaped.
static void write_character(uint32_t character, const char *bytes,
			    size_t length, FILE *out)
{
	switch (character) {
	case '&':
		fputs("&amp;", out);
		return;
	case '<':
		fputs("&lt;", out);
		return;
	case '>':
		fputs("&gt;", out);
		return;
	case '"':
		fputs("&quot;", out);
		return;
	case '\'':
		fputs("&#39;", out);
		return;
	}
	if (text_is_unprintable(character) ||
	    (character & 0xfffe) == 0xfffe)
		fprintf(out, "\\u{%" PRIx32 "}", character);
	else
		fwrite(bytes, 1, length, out);
}

static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

// At most @most characters, the last two of them dots when there are more.
static void write_text(const char *text, size_t most, FILE *out)
{
	size_t size = strlen(text), length;
	bool cut = count_characters(text) > most;
	uint32_t character;

	if (cut)
		most -= 2;
	for (size_t i = 0; i < size && most > 0; i += length, most--) {
		length = text_decode(text + i, size - i, &character);
		if (!length) {
			character = '?';
			length = 1;
		}
		write_character(character, text + i, length, out);
	}
	if (cut)
		fputs("..", out);
}

static const char *fill_of(const struct call_function *function)
{
	uint32_t hash = 7;

	for (const char *at = function->name; *at; at++)
		hash = hash * 31 + (unsigned char)*at;
	return fills[function->kind][(hash ^ hash >> 11) & (SHADES - 1)];
}

static bool is_drawn(const struct drawing *drawing, uint32_t index)
{
	const struct call_tree *tree = &drawing->excerpt->tree;

	return (double)tree->nodes[index].total.weight * drawing->scale >=
	       NARROWEST;
}

// A parent stands before its children, and they stand side by side.
static struct error *lay_out(struct drawing *drawing)
{
	const struct call_tree *tree = &drawing->excerpt->tree;

	drawing->lefts = calloc(tree->node_count, sizeof(double));
	drawing->depths = calloc(tree->node_count, sizeof(uint32_t));
	if (!drawing->lefts || !drawing->depths)
		return &error_nomem;
	drawing->lefts[0] = MARGIN;
	if (tree->nodes[0].total.weight)
		drawing->scale = (double)(WIDTH - 2 * MARGIN) /
				 (double)tree->nodes[0].total.weight;
	for (uint32_t i = 0; i < tree->node_count; i++) {
		const struct call_node *node = &tree->nodes[i];
		double left = drawing->lefts[i];

		if (is_drawn(drawing, i) &&
		    drawing->depths[i] > drawing->deepest)
			drawing->deepest = drawing->depths[i];
		for (uint32_t k = 0; k < node->child_count; k++) {
			uint32_t child = node->first_child + k;

			drawing->lefts[child] = left;
			drawing->depths[child] = drawing->depths[i] + 1;
			left += (double)tree->nodes[child].total.weight *
				drawing->scale;
		}
	}
	return NULL;
}

static void write_weight(const struct drawing *drawing, uint64_t weight)
{
	const char *unit = drawing->excerpt->selection.unit;

	if (strcmp(unit, "ns") == 0) {
		fprintf(drawing->out, "%.2f s", (double)weight / 1e9);
		return;
	}
	fprintf(drawing->out, "%" PRIu64 " ", weight);
	write_text(unit, SIZE_MAX, drawing->out);
}

static void write_tooltip(const struct drawing *drawing, uint32_t index)
{
	const struct call_tree *tree = &drawing->excerpt->tree;
	const struct call_node *node = &tree->nodes[index];
	const struct call_function *function = &tree->functions[node->function];
	const char *place = call_tree_file(tree, function);
	uint64_t whole = tree->nodes[0].total.weight;
	FILE *out = drawing->out;

	if (!place)
		place = call_tree_module(tree, function);
	fputs("<title>", out);
	write_text(function->name, SIZE_MAX, out);
	if (index > 0)
		fprintf(out, " (%s%s)", call_kind_name(function->kind),
			node->doubtful_samples ? ", in doubt" : "");
	if (place) {
		fputs(" ", out);
		write_text(place, SIZE_MAX, out);
	}
	fprintf(out, ": %" PRIu64 " samples, ", node->total.samples);
	write_weight(drawing, node->total.weight);
	fprintf(out, ", %.2f %%; itself %" PRIu64 "</title>",
		whole ? 100.0 * (double)node->total.weight / (double)whole : 0,
		node->self.samples);
}

static void write_box(const struct drawing *drawing, uint32_t index)
{
	const struct call_tree *tree = &drawing->excerpt->tree;
	const struct call_node *node = &tree->nodes[index];
	const struct call_function *function = &tree->functions[node->function];
	double width = (double)node->total.weight * drawing->scale;
	double left = drawing->lefts[index];
	unsigned long top = HEAD + (unsigned long)drawing->depths[index] * ROW;
	FILE *out = drawing->out;

	fputs("<g>", out);
	write_tooltip(drawing, index);
	fprintf(out, "<rect x=\"%.1f\" y=\"%lu\" width=\"%.1f\" height=\"%d\" "
		"fill=\"%s\"%s/>", left, top, width, ROW - 1,
		index ? fill_of(function) : "#e6e0d7",
		node->doubtful_samples ? " stroke=\"#1f1b16\" "
					 "stroke-dasharray=\"2 2\"" : "");
	if (width >= 3 * LETTER) {
		fprintf(out, "<text x=\"%.1f\" y=\"%lu\">", left + 2,
			top + ROW - 5);
		write_text(function->name, (size_t)((width - 3) / LETTER), out);
		fputs("</text>", out);
	}
	fputs("</g>\n", out);
}

static void write_head(const struct drawing *drawing, unsigned long height)
{
	const struct call_tree *tree = &drawing->excerpt->tree;
	FILE *out = drawing->out;

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
		"width=\"%d\" height=\"%lu\" viewBox=\"0 0 %d %lu\" "
		"font-family=\"monospace\" font-size=\"11\" fill=\"#1f1b16\">\n"
		"<rect width=\"%d\" height=\"%lu\" fill=\"#fbf9f6\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"14\">",
		WIDTH, height, WIDTH, height, WIDTH, height, MARGIN);
	write_text(drawing->excerpt->selection.event, 60, out);
	fprintf(out, ": %" PRIu64 " samples, ", tree->nodes[0].total.samples);
	write_weight(drawing, tree->nodes[0].total.weight);
	fputs("</text>\n", out);
}

// Kinds are told in words too, for colours are not for everybody.
static void write_legend(const struct drawing *drawing, unsigned long height)
{
	int left = MARGIN;

	for (enum store_kind kind = STORE_PYTHON; kind <= STORE_OTHER; kind++) {
		fprintf(drawing->out,
			"<rect x=\"%d\" y=\"%lu\" width=\"11\" height=\"11\" "
			"fill=\"%s\"/><text x=\"%d\" y=\"%lu\">%s</text>\n",
			left, height - 19, fills[kind][0], left + 15,
			height - 10, call_kind_name(kind));
		left += 90;
	}
	fprintf(drawing->out,
		"<text x=\"%d\" y=\"%lu\">dashed: not proven, or guessed"
		"</text>\n</svg>\n", left, height - 10);
}

static struct error *draw(struct drawing *drawing)
{
	const struct call_tree *tree = &drawing->excerpt->tree;
	struct error *error = lay_out(drawing);
	unsigned long height;

	if (error)
		return error;
	height = HEAD + ((unsigned long)drawing->deepest + 1) * ROW + FOOT;
	write_head(drawing, height);
	for (uint32_t i = 0; i < tree->node_count; i++)
		if (i == 0 || is_drawn(drawing, i))
			write_box(drawing, i);
	write_legend(drawing, height);
	return ferror(drawing->out) ? error_from_errno(errno, "write") : NULL;
}

struct error *export_write_svg(struct profile *profile, FILE *out)
{
	struct excerpt excerpt;
	struct drawing drawing = { .excerpt = &excerpt, .out = out };
	uint64_t left_out;
	struct error *error;

	error = excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     TALLY_BY_GROUP);
	if (error)
		return error_wrap(error, "export SVG");
	error = call_tree_prune(&excerpt.tree, NODES_MAX, &left_out);
	if (!error)
		error = draw(&drawing);
	free(drawing.lefts);
	free(drawing.depths);
	excerpt_deinit(&excerpt);
	return error_wrap(error, "export SVG");
}
