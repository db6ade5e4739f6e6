-- SPDX-License-Identifier: Apache-2.0
-- The tables of a profile, see README.md. Never edited after a release: what
-- changes later is a new file with the next number.

CREATE TABLE session (
	-- What was recorded: where, when and how? One row, for a file holds one
	-- recording. end_monotonic_ns is NULL while it runs or when it was cut.
	id INTEGER PRIMARY KEY CHECK (id = 1),
	brindle_version TEXT NOT NULL,
	host TEXT NOT NULL,
	kernel TEXT NOT NULL,
	architecture TEXT NOT NULL,
	command TEXT NOT NULL,
	event TEXT NOT NULL,
	event_note TEXT NOT NULL, -- why it is not the event asked for
	frequency_hz INTEGER NOT NULL,
	period_ns INTEGER NOT NULL, -- the weight of most samples
	cpu_count INTEGER NOT NULL,
	stack_bytes INTEGER NOT NULL, -- of the stack copy of each sample
	start_monotonic_ns INTEGER NOT NULL,
	start_wall_ns INTEGER NOT NULL, -- the same instant since the epoch
	end_monotonic_ns INTEGER
) STRICT;

CREATE TABLE process (
	-- Which processes were seen? A reused pid is another row.
	id INTEGER PRIMARY KEY,
	pid INTEGER NOT NULL,
	start_ns INTEGER NOT NULL, -- 0: not known
	name TEXT NOT NULL -- the latest, after exec and prctl
) STRICT;

CREATE TABLE thread (
	-- Which threads did they have? A reused tid is another row.
	id INTEGER PRIMARY KEY,
	process_id INTEGER NOT NULL REFERENCES process,
	tid INTEGER NOT NULL,
	start_ns INTEGER NOT NULL, -- 0: not known
	name TEXT NOT NULL -- the latest
) STRICT;

CREATE TABLE module (
	-- Which ELF files did native code come from?
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL, -- as the process mapped it
	build_id TEXT -- hexadecimal; NULL: the file has none
) STRICT;

CREATE TABLE source_file (
	-- Which source files do functions come from? Each name once.
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL
) STRICT;

CREATE TABLE kind (
	-- What runs a function: the words of function.kind_id.
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL
) STRICT;
INSERT INTO kind VALUES
	(0, 'python'), (1, 'native'), (2, 'kernel'), (3, 'other');

CREATE TABLE function (
	-- Which functions were seen? What is equal in all columns is one row.
	id INTEGER PRIMARY KEY,
	kind_id INTEGER NOT NULL REFERENCES kind,
	name TEXT NOT NULL,
	source_file_id INTEGER REFERENCES source_file, -- NULL: not known
	first_line INTEGER, -- NULL: not known
	module_id INTEGER REFERENCES module -- NULL: none
) STRICT;

CREATE TABLE status (
	-- How far can a frame be trusted: the words of frame.status_id.
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	meaning TEXT NOT NULL
) STRICT;
INSERT INTO status VALUES
	(0, 'exact', 'native: by call frame information, or the sampled pc'),
	(1, 'guessed', 'native: by the frame pointer, for lack of better'),
	(2, 'proven', 'python: read while the thread stood still'),
	(3, 'unproven', 'python: read, but the thread may have run meanwhile'),
	(4, 'unresolved', 'python: it is there, but its name was not readable');

CREATE TABLE frame (
	-- At which places of a function were threads? A line, or an address.
	id INTEGER PRIMARY KEY,
	function_id INTEGER NOT NULL REFERENCES function,
	status_id INTEGER NOT NULL REFERENCES status,
	line INTEGER, -- NULL: not known
	vaddr INTEGER -- in the module's own addresses; NULL: none
) STRICT;

CREATE TABLE callsite (
	-- Which stacks were seen? A stack is a node of a tree: the node is its
	-- leaf, the way up its callers. parent_id < id always. The weights are
	-- those of all samples in this node (self) and at or below it (total).
	id INTEGER PRIMARY KEY,
	parent_id INTEGER REFERENCES callsite, -- NULL: a root
	frame_id INTEGER NOT NULL REFERENCES frame,
	depth INTEGER NOT NULL, -- 0: a root
	recursive INTEGER NOT NULL, -- 1: its function is also above it
	self_samples INTEGER NOT NULL,
	self_ns INTEGER NOT NULL,
	total_samples INTEGER NOT NULL,
	total_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX callsite_by_parent ON callsite (parent_id);

CREATE TABLE trust (
	-- How far can the stack of a sample be trusted: outcome.trust_id.
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	meaning TEXT NOT NULL
) STRICT;
INSERT INTO trust VALUES
	(0, 'proven', 'the thread stood still while its Python frames were read'),
	(1, 'unproven', 'has Python frames that may belong to a later moment'),
	(2, 'native', 'has no Python frames');

CREATE TABLE outcome (
	-- How did taking and unwinding samples go? Each combination once, with
	-- the number of its samples.
	id INTEGER PRIMARY KEY,
	trust_id INTEGER NOT NULL REFERENCES trust,
	trust_reason TEXT, -- what prevented the proof; NULL: proven
	walk_end TEXT NOT NULL, -- why the stack ends where it does
	samples INTEGER NOT NULL
) STRICT;

CREATE TABLE sample (
	-- What was each thread doing at each tick? In order of time: id is the
	-- nanoseconds since the start of the session. Where that number was
	-- taken by another CPU's sample, the next free one, and skew_ns says how
	-- many too late it is.
	id INTEGER PRIMARY KEY,
	thread_id INTEGER NOT NULL REFERENCES thread,
	callsite_id INTEGER REFERENCES callsite, -- NULL: no frames
	cpu INTEGER NOT NULL,
	outcome_id INTEGER NOT NULL REFERENCES outcome,
	weight_ns INTEGER, -- NULL: session.period_ns
	skew_ns INTEGER -- NULL: 0
) STRICT;

CREATE TABLE health (
	-- What went wrong or was lost, and what did the recording cost? Counters
	-- of the recorder; v_health shows them with those of the tables.
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL,
	meaning TEXT NOT NULL
) STRICT, WITHOUT ROWID;
