// SPDX-License-Identifier: Apache-2.0
// A graph of the rows of any table: (stack, value), a stack being names with
// ';' between them, or (id, parent_id, name, self), with the kind of each name
// if there is a column of it. What SQL can say can be drawn.
import { PairMap } from "./pair_map";
import { emptyProfile, KINDS, type Profile } from "./profile";
import { runNow } from "./slices";
import { arrange } from "./tree";
import { makeVisible } from "./visible";

export type Cell = string | number | boolean | null;

export interface Rows {
	columns: string[];
	rows: Cell[][];
}

const VALUES = ["value", "self", "samples", "weight", "count", "self_ns"];

function columnOf(columns: string[], names: string[]): number {
	return columns.findIndex((name) => names.includes(name.toLowerCase()));
}

const OTHER = KINDS.indexOf("other");

export type Drawable = "stacks" | "tree" | null;

/** What kind of graph the columns could be. */
export function drawableAs(columns: string[]): Drawable {
	const has = (...names: string[]) => columnOf(columns, names) >= 0;

	if (has("id") && has("parent_id") && has("name") && has(...VALUES))
		return "tree";
	return has("stack") && has(...VALUES) ? "stacks" : null;
}

function kindOf(cell: Cell | undefined): number {
	const kind = KINDS.findIndex((word) => word === cell);

	return kind < 0 ? OTHER : kind;
}

function numberOf(cell: Cell): number {
	const value = Number(cell ?? 0);

	return value > 0 && Number.isFinite(value) ? value : 0;
}

// Nodes and functions as they come up.
class Builder {
	readonly names = ["all"];
	readonly kinds = [OTHER];
	readonly parents = [0];
	readonly fns = [0];
	readonly values = [0];
	private known = new PairMap();
	private nameIds = new Map<string, number>();

	nameId(name: string, kind = OTHER): number {
		const key = `${kind} ${name}`;
		let id = this.nameIds.get(key);

		if (id === undefined) {
			id = this.names.push(makeVisible(name) || "(no name)") - 1;
			this.kinds.push(kind);
			this.nameIds.set(key, id);
		}
		return id;
	}

	addNode(parent: number, name: string, kind = OTHER): number {
		this.parents.push(parent);
		this.fns.push(this.nameId(name, kind));
		this.values.push(0);
		return this.parents.length - 1;
	}

	/** The node of @name below @parent. */
	child(parent: number, name: string): number {
		const fresh = this.parents.length;
		const node = this.known.getOrAdd(parent, this.nameId(name), fresh);

		return node === fresh ? this.addNode(parent, name) : node;
	}

	finish(unit: string): Profile {
		const count = this.names.length;
		const profile = emptyProfile();
		const own = Float64Array.from(this.values);

		profile.functions = {
			count, names: this.names,
			kinds: Uint8Array.from(this.kinds),
			files: new Int32Array(count),
			modules: new Int32Array(count),
			lines: new Int32Array(count),
			unresolved: new Uint8Array(count),
		};
		profile.nodes = runNow(arrange({
			count: this.parents.length,
			parent: Int32Array.from(this.parents),
			fn: Int32Array.from(this.fns),
			samples: own, weight: own,
			doubt: new Float64Array(own.length), before: null,
			functions: profile.functions, of: null,
		}, false, "both"));
		return { ...profile, unit, unsampled: true };
	}
}

function fromStacks(table: Rows, stack: number, value: number): Builder {
	const builder = new Builder();

	for (const row of table.rows) {
		let node = 0;

		for (const name of String(row[stack] ?? "").split(";"))
			if (name)
				node = builder.child(node, name);
		builder.values[node] += numberOf(row[value]);
	}
	return builder;
}

// Parents may come after their children, or be missing, or be a circle: those
// that cannot be reached from the root are left out.
function fromTree(table: Rows, at: { id: number; parent: number; name: number;
				     value: number; kind: number }): Builder {
	const builder = new Builder();
	const ids = new Set(table.rows.map((row) => String(row[at.id])));
	const children = new Map<string, Cell[][]>();
	const ready: { row: Cell[]; parent: number }[] = [];

	for (const row of table.rows) {
		const parent = row[at.parent] === null ? "" :
			String(row[at.parent]);
		const siblings = children.get(parent);

		if (!ids.has(parent))
			ready.push({ row, parent: 0 });
		else if (siblings)
			siblings.push(row);
		else
			children.set(parent, [row]);
	}
	for (let i = 0; i < ready.length; i++) {
		const { row, parent } = ready[i];
		const id = String(row[at.id]);
		const node = builder.addNode(parent, String(row[at.name] ?? ""),
					     kindOf(row[at.kind]));

		builder.values[node] += numberOf(row[at.value]);
		for (const child of children.get(id) ?? [])
			ready.push({ row: child, parent: node });
		// An id that comes twice has its children once.
		children.delete(id);
	}
	return builder;
}

/** @unit: of the values, "ns" where the column's name says so. */
export function profileOfRows(table: Rows): Profile {
	const { columns } = table;
	const value = columnOf(columns, VALUES);
	const unit = /_ns$/i.test(columns[value] ?? "") ? "ns" : "";
	const kind = drawableAs(columns);

	if (kind === "tree")
		return fromTree(table, {
			id: columnOf(columns, ["id"]),
			parent: columnOf(columns, ["parent_id"]),
			name: columnOf(columns, ["name"]), value,
			kind: columnOf(columns, ["kind"]),
		}).finish(unit);
	if (kind === "stacks")
		return fromStacks(table, columnOf(columns, ["stack"]),
				  value).finish(unit);
	throw new Error("a graph needs columns (stack, value) or " +
			"(id, parent_id, name, self)");
}
