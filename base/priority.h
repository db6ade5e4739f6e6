/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A nice value counts among the threads of one session only, where the kernel
 * groups by sessions (sched(7), "The autogroup feature"; Debian's does): each
 * session then gets an equal part of a busy CPU, however many there are.
 */
#ifndef BRINDLE_BASE_PRIORITY_H
#define BRINDLE_BASE_PRIORITY_H

/**
 * Gives @nice to the session of a process that leads it, and so has it to
 * itself, as a service has. Another's session is left alone: it is also a
 * shell's and its programs'. What is not permitted is not done; a kernel that
 * does not group needs nothing.
 */
void priority_of_own_session(int nice);

#endif
