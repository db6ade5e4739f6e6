/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that others wrote (function names, paths, command lines) on its way to
 * a database or a terminal. A database wants well-formed UTF-8; a terminal
 * also must not be driven by it: no control characters, no escapes, nothing
 * that reorders or hides what is shown.
 */
#ifndef BRINDLE_BASE_TEXT_H
#define BRINDLE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Decodes the character at the start of @size bytes of @text: its length in
 * bytes and, in @ret, its code point; 0 when no well-formed UTF-8 character
 * (Unicode table 3-7: no surrogates, no overlong forms) starts there.
 */
size_t text_decode(const char *text, size_t size, uint32_t *ret);

bool text_is_utf8(const char *text, size_t size);

/**
 * A copy in which each byte that is not part of well-formed UTF-8, and each
 * NUL, became U+FFFD. Owned by the caller. NULL: no memory.
 */
char *text_repair(const char *text, size_t size);

/**
 * text_repair() of at most @most bytes of @text: where there are more, it ends
 * in U+2026, an ellipsis. Owned by the caller. NULL: no memory.
 */
char *text_fit(const char *text, size_t most);

/** True for what text_escape() replaces. */
bool text_is_unprintable(uint32_t character);

/**
 * A copy that is safe on a terminal: control characters (C0, DEL, C1), line
 * separators, invisible and bidirectional formatting characters become \xNN or
 * \u{NNNN}, as do malformed bytes. Owned by the caller. NULL: no memory.
 */
char *text_escape(const char *text);

#endif
