// SPDX-License-Identifier: Apache-2.0
/*
 * Paths as they are met, and what they say:
 *
 * /system.slice/nginx.service                           a unit
 * /user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope
 * /system.slice/docker-<64 hex>.scope                   docker, by systemd
 * /docker/<64 hex>                                      docker, cgroupfs
 * /kubepods.slice/kubepods-burstable.slice/
 *     kubepods-burstable-pod<uid>.slice/cri-containerd-<64 hex>.scope
 * /kubepods/besteffort/pod<uid>/<64 hex>
 * /system.slice/containerd.service/kubepods-pod<uid>.slice:cri-containerd:
 *     <64 hex>                                          one name, two colons
 * /machine.slice/libpod-<64 hex>.scope/container        podman
 * /machine.slice/machine-web\x2d1.scope                 systemd-nspawn
 * /lxc.payload.web/init.scope, /lxc/web                 lxc 4, older
 */
#include "daemon/process/cgroup_name.h"

#include <stdio.h>
#include <string.h>

enum { CONTAINER_ID_DIGITS = 64 };

enum name_form {
	NAME_ID,   // 64 hexadecimal digits
	NAME_WORD, // any
};

struct layout {
	const char *parent; // NULL: any
	const char *prefix, *suffix;
	enum name_form form;
};

static const struct layout layouts[] = {
	{ NULL, "docker-", ".scope", NAME_ID },
	{ NULL, "cri-containerd-", ".scope", NAME_ID },
	{ NULL, "crio-", ".scope", NAME_ID },
	{ NULL, "crio-", "", NAME_ID },
	{ NULL, "libpod-", ".scope", NAME_ID },
	{ NULL, "libpod-", "", NAME_ID },
	{ NULL, "nerdctl-", ".scope", NAME_ID },
	{ NULL, "", "", NAME_ID },
	{ NULL, "lxc.payload.", "", NAME_WORD },
	{ NULL, "lxc.monitor.", "", NAME_WORD },
	{ "lxc.payload", "", "", NAME_WORD },
	{ "lxc", "", "", NAME_WORD },
	{ "machine.slice", "machine-", ".scope", NAME_WORD },
};

static const char *const unit_suffixes[] = { ".service", ".scope", ".socket",
					     ".mount", ".swap" };

struct part {
	const char *text;
	size_t size;
};

static bool starts_with(const struct part *part, const char *prefix)
{
	size_t size = strlen(prefix);

	return part->size >= size && !memcmp(part->text, prefix, size);
}

static bool ends_with(const struct part *part, const char *suffix)
{
	size_t size = strlen(suffix);

	return part->size >= size &&
	       !memcmp(part->text + part->size - size, suffix, size);
}

static bool is(const struct part *part, const char *text)
{
	return part->size == strlen(text) && starts_with(part, text);
}

static bool is_id(const struct part *part)
{
	if (part->size != CONTAINER_ID_DIGITS)
		return false;
	for (size_t i = 0; i < part->size; i++)
		if (!memchr("0123456789abcdef", part->text[i], 16))
			return false;
	return true;
}

static bool fits(const struct layout *layout, const struct part *parent,
		 const struct part *part, struct part *ret)
{
	size_t prefix = strlen(layout->prefix);
	size_t suffix = strlen(layout->suffix);

	if ((layout->parent && !is(parent, layout->parent)) ||
	    part->size <= prefix + suffix || !starts_with(part, layout->prefix) ||
	    !ends_with(part, layout->suffix))
		return false;
	*ret = (struct part){ part->text + prefix,
			      part->size - prefix - suffix };
	return layout->form == NAME_WORD || is_id(ret);
}

static int hex_digit(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

// systemd writes what a unit's name cannot have as \xNN.
static void copy_unescaped(const struct part *part, char *ret)
{
	size_t size = 0;

	for (size_t i = 0; i < part->size && size < CGROUP_PART_MAX - 1; i++) {
		const char *at = part->text + i;
		int high = -1, low = -1;

		if (part->size - i >= 4 && at[0] == '\\' && at[1] == 'x') {
			high = hex_digit(at[2]);
			low = hex_digit(at[3]);
		}
		if (high < 0 || low < 0 || !(high | low)) {
			ret[size++] = *at;
			continue;
		}
		ret[size++] = (char)(high << 4 | low);
		i += 3;
	}
	ret[size] = '\0';
}

static void copy(const struct part *part, char *ret)
{
	snprintf(ret, CGROUP_PART_MAX, "%.*s",
		 (int)(part->size < CGROUP_PART_MAX ? part->size :
						      CGROUP_PART_MAX - 1),
		 part->text);
}

// containerd without systemd names a cgroup "SLICE:cri-containerd:ID".
static struct part after_colons(const struct part *part)
{
	const char *colon = memrchr(part->text, ':', part->size);
	struct part rest = *part;

	if (colon) {
		rest.text = colon + 1;
		rest.size = part->size - (size_t)(rest.text - part->text);
	}
	return rest;
}

static void take_container(const struct part *parent, const struct part *part,
			   struct cgroup_name *ret)
{
	struct part rest = after_colons(part), found;

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (!fits(&layouts[i], parent, &rest, &found))
			continue;
		if (layouts[i].form == NAME_WORD)
			copy_unescaped(&found, ret->container);
		else
			copy(&found, ret->container);
		return;
	}
}

static void take_unit(const struct part *part, struct cgroup_name *ret)
{
	for (size_t i = 0; i < sizeof(unit_suffixes) / sizeof(unit_suffixes[0]);
	     i++)
		if (part->size > strlen(unit_suffixes[i]) &&
		    ends_with(part, unit_suffixes[i]))
			copy(part, ret->unit);
}

void cgroup_name_parse(const char *path, struct cgroup_name *ret)
{
	struct part parent = { "", 0 }, part;

	*ret = (struct cgroup_name){ 0 };
	while (*path) {
		part = (struct part){ path, strcspn(path, "/") };
		path += part.size;
		path += *path == '/';
		if (!part.size)
			continue;
		take_container(&parent, &part, ret);
		take_unit(&part, ret);
		parent = part;
	}
}

// "0::/system.slice/x.service" or "1:name=systemd:/...": what is the path, and
// how much is this line preferred? 0: not at all.
static int rate_line(const struct part *line, struct part *ret)
{
	const char *first = memchr(line->text, ':', line->size), *second;
	struct part controllers;

	if (!first)
		return 0;
	first++;
	second = memchr(first, ':', line->size - (size_t)(first - line->text));
	if (!second || second + 1 == line->text + line->size || second[1] != '/')
		return 0;
	controllers = (struct part){ first, (size_t)(second - first) };
	ret->text = second + 1;
	ret->size = line->size - (size_t)(ret->text - line->text);
	if (ret->size == 1)
		return 1;
	if (!controllers.size)
		return 4;
	return is(&controllers, "name=systemd") ? 3 : 2;
}

bool cgroup_path_of(const char *text, size_t size, char *ret)
{
	struct part best = { "", 0 }, path;
	int best_rate = 0;

	while (size) {
		const char *newline = memchr(text, '\n', size);
		struct part line = { text, newline ? (size_t)(newline - text) :
						     size };
		int rate = rate_line(&line, &path);

		if (rate > best_rate) {
			best_rate = rate;
			best = path;
		}
		size -= line.size + (newline != NULL);
		text += line.size + (newline != NULL);
	}
	if (!best_rate)
		return false;
	snprintf(ret, CGROUP_PATH_MAX, "%.*s",
		 (int)(best.size < CGROUP_PATH_MAX ? best.size :
						     CGROUP_PATH_MAX - 1),
		 best.text);
	return true;
}
