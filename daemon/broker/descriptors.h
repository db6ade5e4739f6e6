/* SPDX-License-Identifier: Apache-2.0 */
/* A child keeps what it was given to work with, and nothing that its parent
 * happened to have open. */
#ifndef BRINDLE_DAEMON_BROKER_DESCRIPTORS_H
#define BRINDLE_DAEMON_BROKER_DESCRIPTORS_H

#include "base/error.h"

/** Closes all but 0 to 2 and the @count of @kept, which get sorted. */
struct error *descriptors_close_others(int *kept, size_t count);

#endif
