-- SPDX-License-Identifier: Apache-2.0
-- The views: names and columns are a public promise, see README.md. LEFT JOIN
-- on a primary key lets SQLite leave out what a query does not ask for. That
-- a parent's id is smaller is asked for, so that no file makes a climb endless.
--
-- Weights are in the unit of their event; columns *_ns are those that are time,
-- and NULL for other units.
--
-- The sums of callsite, hence those of v_callsite, v_function, v_line and
-- v_folded, are of all samples in a recording. A store that goes on writes them
-- every ten minutes, for the era of the node: of a span of time, samples and
-- rollups say what is in it.

CREATE VIEW v_sample AS
	-- What was each thread doing at each tick, or at each event?
	SELECT s.id AS sample_id,
		(SELECT clock.monotonic_ns - clock.id FROM clock
			WHERE clock.id <= max(s.id, 0)
			ORDER BY clock.id DESC LIMIT 1)
			+ s.id - ifnull(s.skew_ns, 0) AS time_ns,
		(SELECT clock.wall_ns - clock.id FROM clock
			WHERE clock.id <= max(s.id, 0)
			ORDER BY clock.id DESC LIMIT 1)
			+ s.id - ifnull(s.skew_ns, 0) AS wall_ns,
		process.name AS process,
		process.pid AS pid,
		thread.name AS thread,
		thread.tid AS tid,
		s.cpu AS cpu,
		event.name AS event,
		CASE event.unit WHEN 'ns' THEN ifnull(s.weight, event.period)
			END AS weight_ns,
		s.callsite_id AS callsite_id,
		trust.name AS trust,
		outcome.trust_reason AS trust_reason,
		outcome.walk_end AS walk_end,
		s.thread_id AS thread_id,
		thread.process_id AS process_id,
		ifnull(s.weight, event.period) AS weight,
		event.unit AS weight_unit,
		outcome.gil AS gil,
		process.command_line AS command_line,
		process.executable AS executable,
		process.python_version AS python_version,
		user.name AS user,
		process.user_id AS uid,
		cgroup.path AS cgroup,
		cgroup.container AS container,
		cgroup.unit AS unit,
		relation.gil_holder_thread_id AS gil_holder_thread_id,
		relation.waker_thread_id AS waker_thread_id,
		relation.every AS every,
		event.id AS event_id,
		outcome.session_id AS session_id
	FROM sample AS s
	LEFT JOIN thread ON thread.id = s.thread_id
	LEFT JOIN process ON process.id = thread.process_id
	LEFT JOIN user ON user.id = process.user_id
	LEFT JOIN cgroup ON cgroup.id = process.cgroup_id
	LEFT JOIN outcome ON outcome.id = s.outcome_id
	LEFT JOIN trust ON trust.id = outcome.trust_id
	LEFT JOIN callsite AS c ON c.id = s.callsite_id
	LEFT JOIN event ON event.id = ifnull(c.event_id, 1)
	LEFT JOIN sample_relation AS relation ON relation.sample_id = s.id;

CREATE VIEW v_process AS
	-- Which processes were seen, and whose were they?
	SELECT process.id AS process_id,
		process.pid AS pid,
		process.name AS process,
		process.command_line AS command_line,
		process.executable AS executable,
		process.python_version AS python_version,
		user.name AS user,
		process.user_id AS uid,
		cgroup.path AS cgroup,
		cgroup.container AS container,
		cgroup.unit AS unit,
		process.start_ns AS start_ns
	FROM process
	LEFT JOIN user ON user.id = process.user_id
	LEFT JOIN cgroup ON cgroup.id = process.cgroup_id;

CREATE VIEW v_callsite AS
	-- Which node of the tree of stacks is what? One row for each.
	SELECT c.id AS callsite_id,
		c.parent_id AS parent_id,
		c.depth AS depth,
		kind.name AS kind,
		function.name AS function,
		source_file.path AS file,
		frame.line AS line,
		module.path AS module,
		status.name AS status,
		c.self_samples AS self_samples,
		c.total_samples AS total_samples,
		CASE event.unit WHEN 'ns' THEN c.self_ns END AS self_ns,
		CASE event.unit WHEN 'ns' THEN c.total_ns END AS total_ns,
		c.recursive AS recursive,
		c.frame_id AS frame_id,
		frame.function_id AS function_id,
		frame.vaddr AS vaddr,
		event.name AS event,
		c.self_ns AS self_weight,
		c.total_ns AS total_weight,
		event.unit AS weight_unit,
		c.event_id AS event_id
	FROM callsite AS c
	LEFT JOIN frame ON frame.id = c.frame_id
	LEFT JOIN status ON status.id = frame.status_id
	LEFT JOIN function ON function.id = frame.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	LEFT JOIN module ON module.id = function.module_id
	LEFT JOIN event ON event.id = c.event_id;

CREATE VIEW v_frame_of_callsite AS
	-- Which frames does a stack have? depth 0 is its root.
	SELECT leaf.id AS callsite_id,
		c.depth AS depth,
		kind.name AS kind,
		function.name AS function,
		source_file.path AS file,
		frame.line AS line,
		module.path AS module,
		status.name AS status,
		c.frame_id AS frame_id,
		frame.function_id AS function_id,
		frame.vaddr AS vaddr
	FROM callsite AS leaf
	CROSS JOIN callsite AS c ON c.id IN (
		WITH RECURSIVE up(id) AS (
			SELECT leaf.id
			UNION ALL
			SELECT above.parent_id
			FROM up JOIN callsite AS above ON above.id = up.id
			WHERE above.parent_id < above.id
		)
		SELECT id FROM up)
	LEFT JOIN frame ON frame.id = c.frame_id
	LEFT JOIN status ON status.id = frame.status_id
	LEFT JOIN function ON function.id = frame.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	LEFT JOIN module ON module.id = function.module_id;

CREATE VIEW v_function AS
	-- Where does the time go? A recursive function counts once a sample. One
	-- row for each event in which a function was seen.
	SELECT function.name AS function,
		source_file.path AS file,
		module.path AS module,
		kind.name AS kind,
		sums.self_samples AS self_samples,
		sums.total_samples AS total_samples,
		CASE event.unit WHEN 'ns' THEN sums.self_weight END AS self_ns,
		CASE event.unit WHEN 'ns' THEN sums.total_weight END
			AS total_ns,
		function.first_line AS first_line,
		function.id AS function_id,
		event.name AS event,
		sums.self_weight AS self_weight,
		sums.total_weight AS total_weight,
		event.unit AS weight_unit,
		sums.event_id AS event_id
	FROM (
		SELECT frame.function_id AS function_id,
			c.event_id AS event_id,
			sum(c.self_samples) AS self_samples,
			sum(c.total_samples * (1 - c.recursive))
				AS total_samples,
			sum(c.self_ns) AS self_weight,
			sum(c.total_ns * (1 - c.recursive)) AS total_weight
		FROM callsite AS c
		JOIN frame ON frame.id = c.frame_id
		GROUP BY frame.function_id, c.event_id
	) AS sums
	JOIN function ON function.id = sums.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	LEFT JOIN module ON module.id = function.module_id
	LEFT JOIN event ON event.id = sums.event_id;

CREATE VIEW v_line AS
	-- Which lines were being executed? For functions whose lines are known.
	SELECT source_file.path AS file,
		frame.line AS line,
		function.name AS function,
		kind.name AS kind,
		sum(c.self_samples) AS self_samples,
		CASE event.unit WHEN 'ns' THEN sum(c.self_ns) END AS self_ns,
		function.id AS function_id,
		event.name AS event,
		sum(c.self_ns) AS self_weight,
		event.unit AS weight_unit
	FROM callsite AS c
	JOIN frame ON frame.id = c.frame_id
	JOIN function ON function.id = frame.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	LEFT JOIN event ON event.id = c.event_id
	WHERE frame.line IS NOT NULL AND c.self_samples > 0
	GROUP BY function.id, frame.line, c.event_id;

CREATE VIEW v_folded AS
	-- Which stacks were seen how often? "root;...;leaf", the format of flame
	-- graph tools; ';' in a name is written ':'.
	WITH RECURSIVE
	name(frame_id, text) AS MATERIALIZED (
		SELECT frame.id, replace(replace(function.name, ';', ':'),
			char(10), ' ')
		FROM frame JOIN function ON function.id = frame.function_id
	),
	path(id, text, self_samples, self_ns, event_id) AS (
		SELECT c.id, name.text, c.self_samples, c.self_ns, c.event_id
		FROM callsite AS c JOIN name ON name.frame_id = c.frame_id
		WHERE c.parent_id IS NULL
		UNION ALL
		SELECT c.id, path.text || ';' || name.text, c.self_samples,
			c.self_ns, c.event_id
		FROM path
		JOIN callsite AS c
			ON c.parent_id = path.id AND c.id > path.id
		JOIN name ON name.frame_id = c.frame_id
	),
	stacks(stack, samples, weight, event_id) AS (
		SELECT text, sum(self_samples), sum(self_ns), event_id
		FROM path
		WHERE self_samples > 0
		GROUP BY text, event_id
		UNION ALL
		SELECT '[no stack]', count(*), sum(ifnull(s.weight,
			(SELECT period FROM event WHERE event.id = 1))), 1
		FROM sample AS s WHERE s.callsite_id IS NULL
		GROUP BY s.callsite_id
	)
	SELECT stacks.stack AS stack, stacks.samples AS samples,
		CASE event.unit WHEN 'ns' THEN stacks.weight END AS time_ns,
		event.name AS event,
		stacks.weight AS weight,
		event.unit AS weight_unit
	FROM stacks LEFT JOIN event ON event.id = stacks.event_id;

CREATE VIEW v_health AS
	-- How good is this profile: what was lost, what was not proven, why do
	-- stacks end, what did recording cost? Of the latest session. What its
	-- samples say stands before what the recorder counted.
	WITH latest(id) AS MATERIALIZED (
		SELECT max(id) FROM session
	),
	counted(name, value, meaning) AS (
		SELECT 'samples', ifnull(sum(samples), 0), 'samples stored'
		FROM outcome WHERE session_id = (SELECT id FROM latest)
		UNION ALL
		SELECT 'samples_' || trust.name,
			ifnull((SELECT sum(samples) FROM outcome
				WHERE outcome.trust_id = trust.id
				AND session_id = (SELECT id FROM latest)), 0),
			'samples: ' || trust.meaning
		FROM trust
		UNION ALL
		SELECT 'unproven_' || trust_reason, sum(samples),
			'samples without proof for this reason'
		FROM outcome
		WHERE trust_reason IS NOT NULL
			AND session_id = (SELECT id FROM latest)
		GROUP BY trust_reason
		UNION ALL
		SELECT 'walk_end_' || walk_end, sum(samples),
			'samples whose stack ends for this reason'
		FROM outcome WHERE session_id = (SELECT id FROM latest)
		GROUP BY walk_end
		UNION ALL
		SELECT 'gil_' || gil, sum(samples),
			'samples of Python threads by their hold on its lock'
		FROM outcome
		WHERE gil IS NOT NULL AND session_id = (SELECT id FROM latest)
		GROUP BY gil
	),
	said(name, value, meaning) AS (
		SELECT name, value, meaning FROM health
		WHERE session_id = (SELECT id FROM latest)
	)
	SELECT said.name AS name,
		ifnull(counted.value, said.value) AS value,
		said.meaning AS meaning
	FROM said LEFT JOIN counted ON counted.name = said.name
	UNION ALL
	SELECT name, value, meaning FROM counted
	WHERE name NOT IN (SELECT name FROM said);

CREATE VIEW v_incident AS
	-- What went wrong or changed, and when? end_* is NULL while it goes on.
	SELECT incident.id AS incident_id,
		incident.kind AS kind,
		(SELECT clock.wall_ns - clock.id FROM clock
			WHERE clock.id <= incident.start_id
			ORDER BY clock.id DESC LIMIT 1)
			+ incident.start_id AS wall_ns,
		(SELECT clock.wall_ns - clock.id FROM clock
			WHERE clock.id <= incident.end_id
			ORDER BY clock.id DESC LIMIT 1)
			+ incident.end_id AS end_wall_ns,
		(incident.end_id - incident.start_id) / 1e9 AS seconds,
		incident.detail AS detail,
		incident.start_id AS start_id,
		incident.end_id AS end_id,
		incident.session_id AS session_id
	FROM incident;

CREATE VIEW v_vitals AS
	-- How was the profiler itself, every ten seconds? Counts are of the time
	-- since the row before.
	SELECT vitals.id AS vitals_id,
		(SELECT clock.wall_ns - clock.id FROM clock
			WHERE clock.id <= vitals.id
			ORDER BY clock.id DESC LIMIT 1)
			+ vitals.id AS wall_ns,
		vitals.samples AS samples,
		vitals.proven AS proven,
		vitals.unproven AS unproven,
		vitals.lost AS lost,
		vitals.dropped AS dropped,
		vitals.frequency_hz AS frequency_hz,
		vitals.own_cpu_ns AS own_cpu_ns,
		vitals.own_memory_bytes AS own_memory_bytes,
		vitals.processes AS processes,
		vitals.threads AS threads,
		vitals.store_bytes AS store_bytes
	FROM vitals;

-- A rollup's stacks are groups of unsigned LEB128 numbers:
--
--     (samples << 1 | has_weight) [weight] count delta...
--
-- count callsites that have as many samples each, in ascending order: a delta is
-- the distance from the id before, the first one from 0. weight is of each of
-- them, and absent where it is samples times the event's period. id 0: samples
-- without frames.
--
-- The inner query goes byte by byte; field says what is being read: 0 samples,
-- 1 weight, 2 count, 3 a delta; low is what the bytes before said of the number.
-- json_each() makes its answer, numbers of 19 digits, a table, so that a WHERE
-- on the rollup's own columns comes first.

CREATE VIEW v_rollup_10s AS
	-- Which stacks were seen how often in each ten seconds?
	SELECT rollup.id AS rollup_id,
		(SELECT clock.wall_ns - clock.id FROM clock
			WHERE clock.id <= (rollup.id >> 20) * 1000000000
			ORDER BY clock.id DESC LIMIT 1)
			+ (rollup.id >> 20) * 1000000000 AS wall_ns,
		event.name AS event,
		rollup.thread_id AS thread_id,
		nullif(CAST(substr(stack.value, 1, 19) AS INTEGER), 0)
			AS callsite_id,
		CAST(substr(stack.value, 20, 19) AS INTEGER) AS samples,
		CAST(substr(stack.value, 39) AS INTEGER) AS weight,
		event.unit AS weight_unit,
		rollup.event_id AS event_id
	FROM rollup_10s AS rollup
	LEFT JOIN event ON event.id = rollup.event_id
	CROSS JOIN json_each((
		WITH RECURSIVE step(at, byte, field, low, shift, samples,
			weight, remaining, id) AS (
			SELECT 1,
				16 * instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, 1, 1)), 1, 1))
				+ instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, 1, 1)), 2, 1)),
				0, 0, 0, 0, NULL, 0, 0
			UNION ALL
			SELECT at + 1,
				16 * instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, at + 1, 1)), 1, 1))
				+ instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, at + 1, 1)), 2, 1)),
				CASE WHEN byte >= 128 THEN field
					WHEN field = 0 THEN 2 - (1 &
						(low | ((byte & 127) << shift)))
					WHEN field < 3 THEN field + 1
					WHEN remaining > 1 THEN 3 ELSE 0 END,
				CASE WHEN byte < 128 THEN 0 ELSE
					low | ((byte & 127) << shift) END,
				CASE WHEN byte < 128 THEN 0 ELSE shift + 7 END,
				CASE WHEN byte < 128 AND field = 0 THEN
					(low | ((byte & 127) << shift)) >> 1
					ELSE samples END,
				CASE WHEN byte >= 128 OR field > 1 THEN weight
					WHEN field = 1 THEN
					low | ((byte & 127) << shift) END,
				CASE WHEN byte >= 128 THEN remaining
					WHEN field = 2 THEN
					low | ((byte & 127) << shift)
					ELSE remaining - 1 END,
				CASE WHEN byte >= 128 THEN id
					WHEN field = 3 THEN id +
					(low | ((byte & 127) << shift)) ELSE 0 END
			FROM step WHERE at < length(rollup.stacks)
		)
		SELECT '[' || group_concat(printf('"%019d%019d%019d"',
			id + (low | ((byte & 127) << shift)), samples,
			ifnull(weight, samples * event.period))) || ']'
		FROM step WHERE field = 3 AND byte < 128)) AS stack
	WHERE rollup.id >> 20 < (SELECT done_id / 1000000000 FROM level
		WHERE level.name = 'rollup_10s');

CREATE VIEW v_rollup_10min AS
	-- Which stacks were seen how often in each ten minutes?
	SELECT rollup.id AS rollup_id,
		(SELECT clock.wall_ns - clock.id FROM clock
			WHERE clock.id <= (rollup.id >> 20) * 1000000000
			ORDER BY clock.id DESC LIMIT 1)
			+ (rollup.id >> 20) * 1000000000 AS wall_ns,
		event.name AS event,
		rollup.thread_id AS thread_id,
		nullif(CAST(substr(stack.value, 1, 19) AS INTEGER), 0)
			AS callsite_id,
		CAST(substr(stack.value, 20, 19) AS INTEGER) AS samples,
		CAST(substr(stack.value, 39) AS INTEGER) AS weight,
		event.unit AS weight_unit,
		rollup.event_id AS event_id
	FROM rollup_10min AS rollup
	LEFT JOIN event ON event.id = rollup.event_id
	CROSS JOIN json_each((
		WITH RECURSIVE step(at, byte, field, low, shift, samples,
			weight, remaining, id) AS (
			SELECT 1,
				16 * instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, 1, 1)), 1, 1))
				+ instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, 1, 1)), 2, 1)),
				0, 0, 0, 0, NULL, 0, 0
			UNION ALL
			SELECT at + 1,
				16 * instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, at + 1, 1)), 1, 1))
				+ instr('123456789ABCDEF', substr(hex(
					substr(rollup.stacks, at + 1, 1)), 2, 1)),
				CASE WHEN byte >= 128 THEN field
					WHEN field = 0 THEN 2 - (1 &
						(low | ((byte & 127) << shift)))
					WHEN field < 3 THEN field + 1
					WHEN remaining > 1 THEN 3 ELSE 0 END,
				CASE WHEN byte < 128 THEN 0 ELSE
					low | ((byte & 127) << shift) END,
				CASE WHEN byte < 128 THEN 0 ELSE shift + 7 END,
				CASE WHEN byte < 128 AND field = 0 THEN
					(low | ((byte & 127) << shift)) >> 1
					ELSE samples END,
				CASE WHEN byte >= 128 OR field > 1 THEN weight
					WHEN field = 1 THEN
					low | ((byte & 127) << shift) END,
				CASE WHEN byte >= 128 THEN remaining
					WHEN field = 2 THEN
					low | ((byte & 127) << shift)
					ELSE remaining - 1 END,
				CASE WHEN byte >= 128 THEN id
					WHEN field = 3 THEN id +
					(low | ((byte & 127) << shift)) ELSE 0 END
			FROM step WHERE at < length(rollup.stacks)
		)
		SELECT '[' || group_concat(printf('"%019d%019d%019d"',
			id + (low | ((byte & 127) << shift)), samples,
			ifnull(weight, samples * event.period))) || ']'
		FROM step WHERE field = 3 AND byte < 128)) AS stack
	WHERE rollup.id >> 20 < (SELECT done_id / 1000000000 FROM level
		WHERE level.name = 'rollup_10min');
