-- SPDX-License-Identifier: Apache-2.0
-- What full rings lose besides samples, over time: records of switches, mappings
-- and processes. Samples near them are taken, and not proven.

-- Since the row before, like lost, which counts samples. NULL: not known.
ALTER TABLE vitals ADD COLUMN lost_records INTEGER;

DROP VIEW v_vitals;
CREATE VIEW v_vitals AS
	-- How was the profiler itself, every ten seconds? Counts are of the time
	-- since the row before; lost is samples, lost_records all other records.
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
		vitals.store_bytes AS store_bytes,
		vitals.lost_records AS lost_records
	FROM vitals;
