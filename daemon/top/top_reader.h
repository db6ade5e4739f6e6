/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a profile that grows to the model: each poll reads the samples that came
 * since the one before, and the names that they need, in one short read
 * transaction. It begins a minute before the newest sample, so that there is
 * something to see at once. A file that was replaced is opened again; the model
 * then begins anew, for its ids meant rows of the other.
 *
 * Samples that reach the file later than younger ones are not seen.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_READER_H
#define BRINDLE_DAEMON_TOP_TOP_READER_H

#include "base/error.h"
#include "daemon/top/top_model.h"
#include "schema/read/selection.h"

#include <stdbool.h>
#include <stdint.h>

struct top_reader;

/** @options: filters and the event; their range is not minded. Borrowed, as
 *  @path is. */
struct error *top_reader_create(const char *path,
				const struct selection_options *options,
				struct top_reader **ret);
void top_reader_destroy(struct top_reader *reader);

/** Takes in what is new. After an error the next call opens the file again. */
struct error *top_reader_poll(struct top_reader *reader,
			      struct top_model *model);

/* What the file says of its recorder. */
struct top_head {
	char *host, *event, *unit; /* owned; never NULL after a poll */
	uint64_t frequency_hz;
	uint64_t lost;	     /* samples since this reader began */
	uint64_t own_cpu_ns; /* of the recorder, in own_span_ns */
	uint64_t own_span_ns; /* 0: not known */
	bool live;	     /* it is still being written, as far as one sees */
	uint64_t silent_ns;  /* since the newest sample, when live */
};

/** Borrowed; of the latest poll. */
const struct top_head *top_reader_head(const struct top_reader *reader);

#endif
