/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a source file that a profile names. A profile may come from
 * anybody, and a path in it may name anything: only regular files that end like
 * source are read, up to a size, and only where the server was told that it
 * may. Why there is no text is said in words.
 */
#ifndef BRINDLE_WEB_API_SOURCE_H
#define BRINDLE_WEB_API_SOURCE_H

#include "web/api/api.h"

struct source_text {
	char *text;	  /* owned, UTF-8; NULL: not to be had */
	const char *note; /* constant; NULL: none */
};

enum { SOURCE_BYTES_MAX = 4 << 20 };

/** @path: one that the profile names. */
struct error *source_text_read(struct source_text *source,
			       const struct api_host *host, const char *path);
void source_text_deinit(struct source_text *source);

#endif
