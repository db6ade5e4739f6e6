/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream that compresses (RFC 1952) what is written to it on its way into
 * another one.
 */
#ifndef BRINDLE_SCHEMA_SHOW_GZIP_H
#define BRINDLE_SCHEMA_SHOW_GZIP_H

#include <stdio.h>

/**
 * @out is borrowed until the stream is closed, which writes the rest and fails
 * when @out did. @level: 1 (quick) to 9. NULL: no memory.
 */
FILE *gzip_open(FILE *out, int level);

#endif
