/* SPDX-License-Identifier: Apache-2.0 */
/* `brindle top --once`: one table, as text or as JSON. */
#ifndef BRINDLE_DAEMON_TOP_TOP_PRINT_H
#define BRINDLE_DAEMON_TOP_TOP_PRINT_H

#include "daemon/top/top_draw.h"

#include <stdio.h>

struct error *top_print_text(const struct top_scene *scene,
			     const struct top_state *state, size_t count,
			     FILE *out);
struct error *top_print_json(const struct top_scene *scene,
			     const struct top_state *state, size_t count,
			     FILE *out);

#endif
