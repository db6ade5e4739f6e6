-- SPDX-License-Identifier: Apache-2.0
-- Threads that ran for a moment and did little: rollups count those that are
-- alike together, so that a store grows with what was seen in it, not with the
-- number of processes.

-- A thread with tid 0, of a process with pid 0, stands for all that are equal in
-- process name, executable, Python version, user, cgroup and thread name.
-- merged_id: the one that counts this thread in some rollups; NULL: none does.
ALTER TABLE thread ADD COLUMN merged_id INTEGER REFERENCES thread;

-- The spans of those rollups end by then, in store time.
ALTER TABLE thread ADD COLUMN merged_until_id INTEGER;

-- 1: some rollup counts it by itself; those that none does go with their samples.
ALTER TABLE thread ADD COLUMN apart INTEGER NOT NULL DEFAULT 1;

-- How many threads does this row count that no earlier one did? NULL: it is of
-- one thread.
ALTER TABLE rollup_10s ADD COLUMN threads INTEGER;
ALTER TABLE rollup_10min ADD COLUMN threads INTEGER;
