/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which stacks, and which of their frames? Beside who did something and when
 * (selection.h), people ask for stacks with a function, for those without it,
 * and for frames of some kinds only. It is applied where a tree of calls is
 * made, before equal places become one node, so that samples, lines and doubt
 * are exact.
 *
 * A frame that is left out counts for its caller. A stack without any frame of
 * the kinds that were asked for is left out whole.
 */
#ifndef BRINDLE_SCHEMA_READ_STACK_FILTER_H
#define BRINDLE_SCHEMA_READ_STACK_FILTER_H

#include "schema/read/pattern.h"
#include "schema/store/store.h"

#include <stdbool.h>

/* Frames that say little, by the name of the preset. */
enum stack_preset {
	STACK_PRESET_INTERPRETER, /* CPython's own C functions */
	STACK_PRESET_IMPORT,	  /* importlib, and what C it is called by */
	STACK_PRESET_COUNT,
};

struct stack_filter {
	struct pattern show; /* only stacks with such a function */
	struct pattern hide; /* and none with such a one */
	unsigned int kinds;  /* 1u << enum store_kind; 0: all */
	unsigned int drop;   /* 1u << enum stack_preset */
	char *text;	     /* owned; all that in words, as asked for */
};

/* As people write it; NULL: not asked for. */
struct stack_filter_options {
	const char *show, *hide; /* see pattern.h */
	const char *only;	 /* "python,native,kernel,other" */
	const char *drop;	 /* "interpreter,import" */
};

/** *ret is NULL where nothing is asked for. ERROR_USAGE names the option. */
struct error *stack_filter_create(const struct stack_filter_options *options,
				  struct stack_filter **ret);
void stack_filter_destroy(struct stack_filter *filter);

/* What a function is to a filter. */
struct stack_filter_verdict {
	bool shown, hidden; /* its name matches */
	bool of_kind;	    /* one of those that were asked for */
	bool kept;	    /* its frames are drawn */
};

/** @file and @module: paths; NULL: not known. */
struct stack_filter_verdict
stack_filter_judge(const struct stack_filter *filter, const char *name,
		   enum store_kind kind, const char *file, const char *module);

#endif
