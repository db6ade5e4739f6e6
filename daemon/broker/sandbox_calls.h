/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that a process may make. What an honest one could
 * never want ends it, for then it is not ours any more; what a library may try
 * in passing is refused with EPERM.
 */
#ifndef BRINDLE_DAEMON_BROKER_SANDBOX_CALLS_H
#define BRINDLE_DAEMON_BROKER_SANDBOX_CALLS_H

#include "daemon/broker/sandbox.h"

/** Needs PR_SET_NO_NEW_PRIVS, and no other thread yet. */
struct error *sandbox_wall_calls(enum sandbox_role role);

#endif
