-- SPDX-License-Identifier: Apache-2.0
-- The views: names and columns are a public promise, see README.md. LEFT JOIN
-- on a primary key lets SQLite leave out what a query does not ask for. That
-- a parent's id is smaller is asked for, so that no file makes a climb endless.

CREATE VIEW v_sample AS
	-- What was each thread doing at each tick?
	SELECT s.id AS sample_id,
		(SELECT start_monotonic_ns FROM session) + s.id
			- ifnull(s.skew_ns, 0) AS time_ns,
		(SELECT start_wall_ns FROM session) + s.id
			- ifnull(s.skew_ns, 0) AS wall_ns,
		process.name AS process,
		process.pid AS pid,
		thread.name AS thread,
		thread.tid AS tid,
		s.cpu AS cpu,
		(SELECT event FROM session) AS event,
		ifnull(s.weight_ns, (SELECT period_ns FROM session))
			AS weight_ns,
		s.callsite_id AS callsite_id,
		trust.name AS trust,
		outcome.trust_reason AS trust_reason,
		outcome.walk_end AS walk_end,
		s.thread_id AS thread_id,
		thread.process_id AS process_id
	FROM sample AS s
	LEFT JOIN thread ON thread.id = s.thread_id
	LEFT JOIN process ON process.id = thread.process_id
	LEFT JOIN outcome ON outcome.id = s.outcome_id
	LEFT JOIN trust ON trust.id = outcome.trust_id;

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
		c.self_ns AS self_ns,
		c.total_ns AS total_ns,
		c.recursive AS recursive,
		c.frame_id AS frame_id,
		frame.function_id AS function_id,
		frame.vaddr AS vaddr
	FROM callsite AS c
	LEFT JOIN frame ON frame.id = c.frame_id
	LEFT JOIN status ON status.id = frame.status_id
	LEFT JOIN function ON function.id = frame.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	LEFT JOIN module ON module.id = function.module_id;

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
	-- Where does the time go? A recursive function counts once a sample.
	SELECT function.name AS function,
		source_file.path AS file,
		module.path AS module,
		kind.name AS kind,
		sums.self_samples AS self_samples,
		sums.total_samples AS total_samples,
		sums.self_ns AS self_ns,
		sums.total_ns AS total_ns,
		function.first_line AS first_line,
		function.id AS function_id
	FROM (
		SELECT frame.function_id AS function_id,
			sum(c.self_samples) AS self_samples,
			sum(c.total_samples * (1 - c.recursive))
				AS total_samples,
			sum(c.self_ns) AS self_ns,
			sum(c.total_ns * (1 - c.recursive)) AS total_ns
		FROM callsite AS c
		JOIN frame ON frame.id = c.frame_id
		GROUP BY frame.function_id
	) AS sums
	JOIN function ON function.id = sums.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	LEFT JOIN module ON module.id = function.module_id;

CREATE VIEW v_line AS
	-- Which lines were being executed? For functions whose lines are known.
	SELECT source_file.path AS file,
		frame.line AS line,
		function.name AS function,
		kind.name AS kind,
		sum(c.self_samples) AS self_samples,
		sum(c.self_ns) AS self_ns,
		function.id AS function_id
	FROM callsite AS c
	JOIN frame ON frame.id = c.frame_id
	JOIN function ON function.id = frame.function_id
	LEFT JOIN kind ON kind.id = function.kind_id
	LEFT JOIN source_file ON source_file.id = function.source_file_id
	WHERE frame.line IS NOT NULL AND c.self_samples > 0
	GROUP BY function.id, frame.line;

CREATE VIEW v_folded AS
	-- Which stacks were seen how often? "root;...;leaf", the format of flame
	-- graph tools; ';' in a name is written ':'.
	WITH RECURSIVE
	name(frame_id, text) AS MATERIALIZED (
		SELECT frame.id, replace(replace(function.name, ';', ':'),
			char(10), ' ')
		FROM frame JOIN function ON function.id = frame.function_id
	),
	path(id, text, self_samples, self_ns) AS (
		SELECT c.id, name.text, c.self_samples, c.self_ns
		FROM callsite AS c JOIN name ON name.frame_id = c.frame_id
		WHERE c.parent_id IS NULL
		UNION ALL
		SELECT c.id, path.text || ';' || name.text, c.self_samples,
			c.self_ns
		FROM path
		JOIN callsite AS c
			ON c.parent_id = path.id AND c.id > path.id
		JOIN name ON name.frame_id = c.frame_id
	)
	SELECT text AS stack, sum(self_samples) AS samples,
		sum(self_ns) AS time_ns
	FROM path
	WHERE self_samples > 0
	GROUP BY text
	UNION ALL
	SELECT '[no stack]', count(*),
		sum(ifnull(weight_ns, (SELECT period_ns FROM session)))
	FROM sample WHERE callsite_id IS NULL
	GROUP BY callsite_id;

CREATE VIEW v_health AS
	-- How good is this profile: what was lost, what was not proven, why do
	-- stacks end, what did recording cost? What the samples in this file say
	-- stands before what the recorder counted.
	WITH counted(name, value, meaning) AS (
		SELECT 'samples', ifnull(sum(samples), 0), 'samples stored'
		FROM outcome
		UNION ALL
		SELECT 'samples_' || trust.name,
			ifnull((SELECT sum(samples) FROM outcome
				WHERE outcome.trust_id = trust.id), 0),
			'samples: ' || trust.meaning
		FROM trust
		UNION ALL
		SELECT 'unproven_' || trust_reason, sum(samples),
			'samples without proof for this reason'
		FROM outcome
		WHERE trust_reason IS NOT NULL
		GROUP BY trust_reason
		UNION ALL
		SELECT 'walk_end_' || walk_end, sum(samples),
			'samples whose stack ends for this reason'
		FROM outcome
		GROUP BY walk_end
	)
	SELECT health.name AS name,
		ifnull(counted.value, health.value) AS value,
		health.meaning AS meaning
	FROM health LEFT JOIN counted ON counted.name = health.name
	UNION ALL
	SELECT name, value, meaning FROM counted
	WHERE name NOT IN (SELECT name FROM health);
