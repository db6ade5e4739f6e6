/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose samples are not wanted? Words separated by blanks: the name of a
 * process as the kernel has it (at most 15 bytes), or a pid. A pure function.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_EXCLUSION_H
#define BRINDLE_DAEMON_PIPELINE_EXCLUSION_H

#include <stdbool.h>
#include <sys/types.h>

/** @words may be NULL: nobody is excluded. */
bool exclusion_matches(const char *words, pid_t pid, const char *name);

#endif
