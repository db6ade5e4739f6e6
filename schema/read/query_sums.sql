-- SPDX-License-Identifier: Apache-2.0
-- The table of the connection that stands before that of the file while sums of
-- stacks are those of a selection.

CREATE TEMP TABLE callsite (
	-- As in the file, with the weights of the selection.
	id INTEGER PRIMARY KEY,
	parent_id INTEGER,
	frame_id INTEGER NOT NULL,
	depth INTEGER NOT NULL,
	recursive INTEGER NOT NULL,
	self_samples INTEGER NOT NULL,
	self_ns INTEGER NOT NULL,
	total_samples INTEGER NOT NULL,
	total_ns INTEGER NOT NULL,
	event_id INTEGER NOT NULL
);
CREATE INDEX temp.callsite_by_parent ON callsite (parent_id);
