/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comments that the definition of a table or view carries in the file:
 *
 *     CREATE TABLE user (
 *             -- Whose processes were they?
 *             id INTEGER PRIMARY KEY, -- uid
 *
 * Pure functions of text that may be anybody's.
 */
#ifndef BRINDLE_SCHEMA_READ_SCHEMA_COMMENT_H
#define BRINDLE_SCHEMA_READ_SCHEMA_COMMENT_H

/** "Whose processes were they?"; lines are joined. Owned by the caller; NULL:
 *  none, or no memory. */
char *schema_comment_of_table(const char *sql);

/** "uid". */
char *schema_comment_of_column(const char *sql, const char *column);

#endif
