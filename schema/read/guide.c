// SPDX-License-Identifier: Apache-2.0
#include "schema/read/guide.h"

#include <string.h>

#include "base/embed.h"

EMBEDDED_FILE(README_md);

static const char sql_begin[] = "\n```sql\n", sql_end[] = "\n```";

static struct guide_text text_between(const char *from, const char *until)
{
	while (from < until && strchr(" \n", *from))
		from++;
	while (until > from && strchr(" \n:", until[-1]))
		until--;
	return (struct guide_text){ from, (size_t)(until - from) };
}

char *guide_copy(struct guide_text text)
{
	return strndup(text.size ? text.at : "", text.size);
}

const char *guide_begin(void)
{
	return embedded_README_md.text;
}

// Back from @at to where its paragraph begins: behind an empty line, a heading
// or a block of code.
static const char *paragraph_of(const char *begin, const char *at)
{
	while (at > begin && !(at[-1] == '\n' && at[0] == '\n'))
		at--;
	return at;
}

// The first question or sentence; what follows says more about it.
static void split_paragraph(struct guide_text paragraph,
			    struct guide_recipe *recipe)
{
	const char *end = paragraph.at + paragraph.size, *at = paragraph.at;

	while (at < end && !(strchr("?.:", *at) &&
			     (at + 1 == end || strchr(" \n", at[1]))))
		at++;
	if (at < end && *at == '?')
		at++;
	recipe->title = text_between(paragraph.at, at);
	if (at < end && *at != ' ')
		at++;
	recipe->about = at < end ? text_between(at, end) :
				   (struct guide_text){ end, 0 };
}

static struct guide_text section_of(const char *begin, const char *at)
{
	const char *end;

	for (; at > begin; at--)
		if (at[-1] == '\n' && at[0] == '#')
			break;
	end = strchr(at, '\n');
	while (*at == '#')
		at++;
	return text_between(at, end ? end : at);
}

bool guide_next_recipe(const char **at, struct guide_recipe *ret)
{
	const char *block = strstr(*at, sql_begin), *end, *paragraph;
	const char *begin = guide_begin();

	end = block ? strstr(block + strlen(sql_begin), sql_end) : NULL;
	if (!end)
		return false;
	*at = end + strlen(sql_end);
	// Between the paragraph and the block there is an empty line.
	while (block > begin && block[-1] == '\n')
		block--;
	paragraph = paragraph_of(begin, block - 1);
	split_paragraph(text_between(paragraph, block), ret);
	ret->section = section_of(begin, paragraph);
	ret->sql = text_between(strstr(block, sql_begin) + strlen(sql_begin),
				end);
	return true;
}

// "### v_rollup_10s, v_rollup_10min: which stacks, in each span?"
static const char *find_view(const char *view)
{
	const char *at = guide_begin();
	size_t size = strlen(view);

	while ((at = strstr(at, "\n### v_"))) {
		const char *line = at + strlen("\n### ");
		const char *end = strchr(line, '\n'), *name = line;

		if (!end)
			return NULL;
		while ((name = memmem(name, (size_t)(end - name), view, size))) {
			if (strchr(",:", name[size]) &&
			    (name == line || name[-1] == ' '))
				return end;
			name += size;
		}
		at = end;
	}
	return NULL;
}

// "| time_ns, wall_ns | the kernel's own time; the same since the epoch |"
static bool names_column(const char *row, const char *column,
			 struct guide_text *ret)
{
	const char *end = strchr(row, '\n');
	const char *bar = memchr(row + 1, '|', end ? (size_t)(end - row) - 1 : 0);
	size_t size = strlen(column);

	for (const char *name = row + 1;
	     bar && (name = memmem(name, (size_t)(bar - name), column, size));
	     name += size) {
		if (name[-1] != ' ' || !strchr(" ,", name[size]))
			continue;
		*ret = text_between(bar + 1, end);
		while (ret->size && strchr(" |", ret->at[ret->size - 1]))
			ret->size--;
		return true;
	}
	return false;
}

struct guide_text guide_column(const char *view, const char *column)
{
	struct guide_text text = { "", 0 };
	const char *line;

	// A forged file may have a table without a name.
	if (!*view || !*column)
		return text;
	line = find_view(view);
	while (line && line[0] == '\n' && strncmp(line, "\n#", 2) != 0) {
		if (line[1] == '|' && names_column(line + 1, column, &text))
			return text;
		line = strchr(line + 1, '\n');
	}
	return text;
}
