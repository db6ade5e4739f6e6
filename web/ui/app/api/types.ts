// SPDX-License-Identifier: Apache-2.0
// What the server answers; web/openapi.yaml describes it. Times are
// microseconds of the wall clock, weights in the unit of their event.

export type Kind = "python" | "native" | "kernel" | "other";

export interface EventName {
	name: string;
	unit: string;
	period?: number;
}

/** How large a daemon's store may be, and how far back it goes; 0: no limit. */
export interface StoreReach {
	limit_bytes: number;
	levels: {
		name: string;
		rows: number;
		bytes: number;
		from_us: number | null;
		keep_seconds: number;
	}[];
}

/** Samples that came, samples that did not, and records that are no samples. */
export interface Losses {
	samples: number;
	lost: number;
	lost_records?: number;
}

export interface Status {
	version: string;
	now_us: number;
	live: boolean;
	database: { path: string; bytes: number };
	range: { from_us: number; to_us: number } | null;
	events: EventName[];
	host?: string;
	kernel?: string;
	title?: string;
	command?: string;
	frequency_hz?: number;
	samples: number;
	lost?: number;
	lost_records?: number;
	since_start?: Losses;
	last_day?: Losses;
	proven?: number;
	unproven?: number;
	native?: number;
	store?: StoreReach;
	own?: { cpu_percent?: number | null; memory_bytes?: number | null };
	level: "good" | "warning" | "bad";
	problems: string[];
	time_zone?: string;
	[more: string]: unknown;
}

export interface Weight {
	samples: number;
	weight: number;
}

export interface FunctionRow {
	name: string;
	kind: Kind;
	file?: string | null;
	line?: number | null;
	module?: string | null;
	unresolved?: boolean;
}

export interface TopRow extends FunctionRow {
	self: Weight;
	total: Weight;
	doubtful?: number;
}

export interface Top {
	unit: string;
	event: string;
	samples: number;
	weight: number;
	rows: TopRow[];
}

export interface TimelineRow {
	name: string;
	samples: number;
	weight: number;
	weights: string;
}

export interface Timeline {
	from_us: number;
	bucket_us: number;
	count: number;
	unit: string;
	event: string;
	rows: TimelineRow[];
	all: { samples: number; weight: number; weights: string };
	left_out?: number;
}

export interface Label {
	value: string;
	samples: number;
	weight: number;
}
export type Labels = Partial<Record<"process" | "thread" | "user" | "cgroup", Label[]>>;

export interface DiffSide {
	label?: string;
	from_us?: number;
	to_us?: number;
	samples: number;
	weight: number;
	duration_us?: number;
}

export interface DiffRow extends FunctionRow {
	before: Weight | number;
	after: Weight | number;
	share_before: number;
	share_after: number;
	p?: number | null;
	verdict?: string;
}

export interface ProcessRow extends Weight {
	process: string;
	pid: number;
	command?: string | null;
	user?: string | null;
	cgroup?: string | null;
	container?: string | null;
	systemd_unit?: string | null;
	executable?: string | null;
	python?: string | null;
	started_us?: number | null;
	ended_us?: number | null;
	proven?: number;
	unproven?: number;
	threads?: number;
}

export interface ThreadRow extends Weight {
	process: string;
	pid: number;
	thread: string;
	tid: number;
	proven?: number;
	unproven?: number;
	[state: string]: unknown;
}

export interface Heatmap {
	from_us: number;
	column_us: number;
	row_us: number;
	columns: number;
	rows: number;
	cells: string;
	/** Of a clock the time that its samples stand for. */
	cell_unit: "us" | "samples";
}

export interface LineRow {
	line: number;
	self: Weight | number;
	total: Weight | number;
	functions?: string[];
}
export interface Lines {
	file: string;
	rows: LineRow[];
	source: string | null;
	note?: string | null;
	unit?: string;
}
export interface FileRow {
	file: string;
	self: Weight | number;
	total?: Weight | number;
}

export interface QueryResult {
	columns: { name: string; type?: string }[];
	rows: unknown[][];
	row_count: number;
	truncated: boolean;
	elapsed_ms: number;
}

export interface SchemaTable {
	name: string;
	kind: string;
	comment?: string;
	columns: { name: string; type?: string; comment?: string }[];
}
export interface Schema {
	tables: SchemaTable[];
	functions?: (string | { name: string; comment?: string })[];
}
export interface Recipe {
	title: string;
	section?: string;
	sql: string;
	about?: string;
}

/** Some rows have both counts, some only samples. */
export function weightOf(value: Weight | number | undefined): number {
	return typeof value === "number" ? value : (value?.weight ?? 0);
}

export function samplesOf(value: Weight | number | undefined): number {
	return typeof value === "number" ? value : (value?.samples ?? 0);
}
