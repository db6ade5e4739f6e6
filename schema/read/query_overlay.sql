-- SPDX-License-Identifier: Apache-2.0
-- Tables of the connection that stand before those of the file while a query is
-- about a selection: whoever asks for sample or callsite gets these. They are
-- filled by query_overlay.c, and the views are made once more on top of them.

CREATE TEMP TABLE selection_span (
	-- From when to when, in store time?
	from_id INTEGER PRIMARY KEY,
	until_id INTEGER NOT NULL
);

CREATE TEMP TABLE selection_thread (
	-- Whose samples? Empty: everybody's.
	id INTEGER PRIMARY KEY
);

CREATE TEMP TABLE selection_event (
	-- Of which event? bare: samples without frames are of it.
	id INTEGER PRIMARY KEY,
	bare INTEGER NOT NULL
);

CREATE TEMP VIEW sample AS
	SELECT s.*
	FROM selection_span AS span
	CROSS JOIN main.sample AS s
		ON s.id >= span.from_id AND s.id < span.until_id
	WHERE (NOT EXISTS (SELECT 1 FROM selection_thread)
			OR s.thread_id IN (SELECT id FROM selection_thread))
		AND ((SELECT count(*) FROM main.event) = 1
			OR CASE WHEN s.callsite_id IS NULL
			THEN (SELECT max(bare) FROM selection_event)
			ELSE (SELECT c.event_id FROM main.callsite AS c
				WHERE c.id = s.callsite_id)
				IN (SELECT id FROM selection_event) END);

CREATE TEMP VIEW rollup_10s AS
	SELECT r.*
	FROM selection_span AS span
	CROSS JOIN main.rollup_10s AS r
		ON r.id >= ((span.from_id + 999999999) / 1000000000) << 20
		AND r.id < ((span.until_id + 999999999) / 1000000000) << 20
	WHERE (NOT EXISTS (SELECT 1 FROM selection_thread)
			OR r.thread_id IN (SELECT id FROM selection_thread))
		AND r.event_id IN (SELECT id FROM selection_event);

CREATE TEMP VIEW rollup_10min AS
	SELECT r.*
	FROM selection_span AS span
	CROSS JOIN main.rollup_10min AS r
		ON r.id >= ((span.from_id + 999999999) / 1000000000) << 20
		AND r.id < ((span.until_id + 999999999) / 1000000000) << 20
	WHERE (NOT EXISTS (SELECT 1 FROM selection_thread)
			OR r.thread_id IN (SELECT id FROM selection_thread))
		AND r.event_id IN (SELECT id FROM selection_event);

CREATE TEMP VIEW incident AS
	SELECT i.*
	FROM main.incident AS i
	WHERE EXISTS (SELECT 1 FROM selection_span AS span
		WHERE i.start_id < span.until_id
		AND ifnull(i.end_id, 0x7fffffffffffffff) > span.from_id);

CREATE TEMP VIEW vitals AS
	SELECT v.*
	FROM selection_span AS span
	CROSS JOIN main.vitals AS v
		ON v.id >= span.from_id AND v.id < span.until_id;
