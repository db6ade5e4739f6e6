/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of a view: its nodes name functions of the trees that it was
 * made from, those of the second one counted on from the first one's. Part of
 * call_tree_view.h.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_TREE_ADOPT_H
#define BRINDLE_SCHEMA_READ_CALL_TREE_ADOPT_H

#include "schema/read/call_tree.h"

/** Copies those that nodes of @tree have, and numbers them anew. @second may be
 *  NULL. */
struct error *call_tree_adopt(struct call_tree *tree,
			      const struct call_tree *first,
			      const struct call_tree *second);

#endif
