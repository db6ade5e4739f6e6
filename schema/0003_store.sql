-- SPDX-License-Identifier: Apache-2.0
-- From a recording to a store: many sessions in one file, several events, who
-- a process belongs to, rollups, and what went wrong when.
--
-- Store time is what ids of samples and all *_id columns of time are in:
-- nanoseconds that run with CLOCK_MONOTONIC while a session runs, and never
-- back. Table clock says which wall time that was.

DROP VIEW v_health;
DROP VIEW v_folded;
DROP VIEW v_line;
DROP VIEW v_function;
DROP VIEW v_frame_of_callsite;
DROP VIEW v_callsite;
DROP VIEW v_sample;

ALTER TABLE session RENAME TO session_2;
CREATE TABLE session (
	-- Which recordings are in this file? One for each start of a recorder;
	-- end_id is NULL while it runs, or when it was killed.
	id INTEGER PRIMARY KEY,
	brindle_version TEXT NOT NULL,
	host TEXT NOT NULL,
	kernel TEXT NOT NULL,
	architecture TEXT NOT NULL,
	boot_id TEXT, -- of the kernel's run; NULL: not known
	command TEXT NOT NULL,
	event TEXT NOT NULL,
	event_note TEXT NOT NULL, -- why it is not the event asked for
	frequency_hz INTEGER NOT NULL,
	period_ns INTEGER NOT NULL,
	cpu_count INTEGER NOT NULL,
	stack_bytes INTEGER NOT NULL, -- of the stack copy of each sample
	start_id INTEGER NOT NULL,
	start_monotonic_ns INTEGER NOT NULL,
	start_wall_ns INTEGER NOT NULL,
	end_id INTEGER,
	end_monotonic_ns INTEGER
) STRICT;
INSERT INTO session SELECT id, brindle_version, host, kernel, architecture,
	NULL, command, event, event_note, frequency_hz, period_ns, cpu_count,
	stack_bytes, 0, start_monotonic_ns, start_wall_ns,
	end_monotonic_ns - start_monotonic_ns, end_monotonic_ns
FROM session_2;

CREATE TABLE clock (
	-- What time was it? From store time id on, until the next row: the wall
	-- clock said wall_ns (since 1970) at id, and went on with it.
	id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session,
	wall_ns INTEGER NOT NULL,
	monotonic_ns INTEGER NOT NULL,
	reason TEXT NOT NULL -- 'start', 'step' of the clock, 'suspend'
) STRICT;
INSERT INTO clock SELECT 0, id, start_wall_ns, start_monotonic_ns, 'start'
FROM session_2;

CREATE TABLE event (
	-- What was counted? Weights of different events are never added up.
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL, -- 'cpu-clock', 'off-cpu', 'page-faults', ...
	unit TEXT NOT NULL, -- of its weights: 'ns', 'faults', 'calls', ...
	period INTEGER NOT NULL -- weight of a sample that states none
) STRICT;
INSERT INTO event SELECT id, event, 'ns', period_ns FROM session_2;
DROP TABLE session_2;

CREATE TABLE user (
	-- Whose processes were they?
	id INTEGER PRIMARY KEY, -- uid
	name TEXT -- NULL: not in /etc/passwd
) STRICT;

CREATE TABLE cgroup (
	-- Which container or unit were they in?
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL, -- as in /proc/PID/cgroup, version 2
	container TEXT, -- its id, from the path; NULL: none
	unit TEXT -- of systemd, from the path; NULL: none
) STRICT;

ALTER TABLE process ADD COLUMN command_line TEXT;
ALTER TABLE process ADD COLUMN executable TEXT;
ALTER TABLE process ADD COLUMN user_id INTEGER REFERENCES user;
ALTER TABLE process ADD COLUMN cgroup_id INTEGER REFERENCES cgroup;
ALTER TABLE process ADD COLUMN python_version TEXT; -- '3.12'; NULL: none

-- A stack belongs to one event: its root says which, and so does each node.
ALTER TABLE callsite ADD COLUMN event_id INTEGER NOT NULL DEFAULT 1;

-- In the unit of the sample's event; NULL: the event's period.
ALTER TABLE sample RENAME COLUMN weight_ns TO weight;

-- Had the thread the interpreter's lock? 'held', 'waiting', 'without'.
ALTER TABLE outcome ADD COLUMN gil TEXT;
-- Whose samples are counted: each session has outcomes of its own.
ALTER TABLE outcome ADD COLUMN session_id INTEGER NOT NULL DEFAULT 1
	REFERENCES session;

CREATE TABLE sample_relation (
	-- Which other thread had to do with a sample, and for how many waits
	-- does it stand?
	sample_id INTEGER PRIMARY KEY,
	gil_holder_thread_id INTEGER REFERENCES thread, -- waited for it
	waker_thread_id INTEGER REFERENCES thread, -- ended its sleep
	every INTEGER -- off-CPU: one wait in so many; NULL: 1, or not known
) STRICT;

CREATE TABLE rollup_10s (
	-- What was each thread doing in each ten seconds? id is the start of
	-- the span in whole seconds of store time << 20, plus a number. stacks:
	-- which callsites how often, see README.md.
	id INTEGER PRIMARY KEY,
	event_id INTEGER NOT NULL REFERENCES event,
	thread_id INTEGER NOT NULL REFERENCES thread,
	samples INTEGER NOT NULL,
	weight INTEGER NOT NULL,
	stacks BLOB NOT NULL
) STRICT;

CREATE TABLE rollup_10min (
	-- What was each thread doing in each ten minutes? As above.
	id INTEGER PRIMARY KEY,
	event_id INTEGER NOT NULL REFERENCES event,
	thread_id INTEGER NOT NULL REFERENCES thread,
	samples INTEGER NOT NULL,
	weight INTEGER NOT NULL,
	stacks BLOB NOT NULL
) STRICT;

CREATE TABLE level (
	-- How far does each level reach? Spans that begin before kept_id have
	-- been pruned from it. Spans that end by done_id are in it, whole; rows
	-- of a later span are being written and to be ignored. Of 'sample',
	-- which is written at once, done_id says nothing.
	name TEXT PRIMARY KEY, -- 'sample', 'rollup_10s', 'rollup_10min'
	seconds INTEGER NOT NULL, -- of a span; 0: none
	kept_id INTEGER NOT NULL,
	done_id INTEGER NOT NULL,
	row_count INTEGER NOT NULL,
	bytes INTEGER NOT NULL -- of its rows, about
) STRICT, WITHOUT ROWID;
INSERT INTO level VALUES
	('sample', 0, 0, 0, (SELECT count(*) FROM sample),
		(SELECT 20 * count(*) FROM sample)),
	('rollup_10s', 10, 0, 0, 0, 0),
	('rollup_10min', 600, 0, 0, 0, 0);

CREATE TABLE era (
	-- Which names, frames and stacks are of when? They are numbered anew in
	-- each era, so that those of long ago can be dropped by their ids when
	-- nothing refers to them.
	id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session,
	start_id INTEGER NOT NULL,
	first_process_id INTEGER NOT NULL,
	first_thread_id INTEGER NOT NULL,
	first_frame_id INTEGER NOT NULL,
	first_callsite_id INTEGER NOT NULL
) STRICT;

CREATE TABLE incident (
	-- What went wrong or changed, and when? 'gap', 'rate', 'clock', ...
	id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session,
	kind TEXT NOT NULL,
	start_id INTEGER NOT NULL,
	end_id INTEGER, -- NULL: still so
	detail TEXT NOT NULL -- in words
) STRICT;
CREATE INDEX incident_by_start ON incident (start_id);

CREATE TABLE vitals (
	-- How was the profiler itself, every ten seconds? Counts are of the
	-- time since the row before.
	id INTEGER PRIMARY KEY, -- store time
	samples INTEGER NOT NULL,
	proven INTEGER NOT NULL,
	unproven INTEGER NOT NULL,
	lost INTEGER NOT NULL,
	dropped INTEGER NOT NULL,
	frequency_hz INTEGER NOT NULL,
	own_cpu_ns INTEGER NOT NULL,
	own_memory_bytes INTEGER NOT NULL,
	processes INTEGER NOT NULL,
	threads INTEGER NOT NULL,
	store_bytes INTEGER NOT NULL
) STRICT;

ALTER TABLE health RENAME TO health_2;
CREATE TABLE health (
	-- What was lost in each session, and what did it cost? Counters of the
	-- recorder; v_health shows those of the latest session.
	session_id INTEGER NOT NULL REFERENCES session,
	name TEXT NOT NULL,
	value INTEGER NOT NULL,
	meaning TEXT NOT NULL,
	PRIMARY KEY (session_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO health SELECT 1, name, value, meaning FROM health_2;
DROP TABLE health_2;
