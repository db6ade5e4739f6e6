// SPDX-License-Identifier: Apache-2.0
// The SQL editor: a file by itself (sql.js), loaded by those who open it.
//
// It lives in a shadow root, so that its styles are adopted style sheets: the
// page's policy allows no <style> elements.
import { autocompletion, completionKeymap, type Completion } from "@codemirror/autocomplete";
import { history, historyKeymap, indentLess, indentMore, moveLineDown, moveLineUp,
	 standardKeymap, toggleComment } from "@codemirror/commands";
import { sql, SQLite, type SQLNamespace } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from
	"@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** What completion knows; the comments stand beside the names. */
export interface EditorTable {
	name: string;
	comment?: string;
	columns: { name: string; type?: string; comment?: string }[];
}

export interface EditorOptions {
	text: string;
	label: string;
	onRun: () => void;
	onChange: (text: string) => void;
}

export interface Editor {
	text(): string;
	setText(text: string): void;
	insert(text: string): void;
	setTables(tables: EditorTable[], functions: string[]): void;
	focus(): void;
	destroy(): void;
}

const look = EditorView.theme({
	"&": { color: "var(--ink)", backgroundColor: "var(--panel)", height: "100%",
	       fontSize: "13px" },
	"&.cm-focused": { outline: "none" },
	".cm-scroller": { font: "var(--mono)", fontSize: "inherit", lineHeight: "1.55" },
	".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
	".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--soft)", border: "none" },
	".cm-content ::selection, .cm-content::selection":
		{ backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
	".cm-placeholder": { color: "var(--soft)" },
	".cm-matchingBracket": { backgroundColor: "transparent",
				 outline: "1px solid var(--accent)" },
	".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)",
			 border: "1px solid var(--edge)", borderRadius: "6px",
			 boxShadow: "var(--shadow)" },
	".cm-tooltip.cm-tooltip-autocomplete > ul": { maxHeight: "260px", fontFamily: "inherit" },
	".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
	".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]":
		{ backgroundColor: "var(--accent)", color: "var(--on-accent)" },
	".cm-completionDetail": { marginLeft: "1em", fontStyle: "normal", opacity: ".75" },
	".cm-completionInfo": { padding: "6px 10px", maxWidth: "320px" },
});

const colors = HighlightStyle.define([
	{ tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
	{ tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
	{ tag: [tags.number, tags.bool, tags.null], color: "var(--bad)" },
	{ tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
	{ tag: tags.typeName, color: "var(--accent)" },
]);

function namespaceOf(tables: EditorTable[]): SQLNamespace {
	const children: Record<string, SQLNamespace> = {};

	for (const table of tables) {
		const columns: Completion[] = table.columns.map((column) => ({
			label: column.name, type: "property",
			detail: column.type, info: column.comment,
		}));

		children[table.name] = {
			self: { label: table.name, type: "type", info: table.comment },
			children: columns,
		};
	}
	return children;
}

function completionOf(tables: EditorTable[], functions: string[]) {
	const config = { dialect: SQLite, schema: namespaceOf(tables), upperCaseKeywords: true };
	const calls: Completion[] = functions.map((name) =>
		({ label: name, type: "function", apply: `${name}(` }));
	// Columns of every view, so that SELECT can be written before FROM.
	const columns = new Map<string, Completion>();

	for (const table of tables.filter(({ name }) => name.startsWith("v_"))) {
		for (const { name, comment } of table.columns)
			columns.set(name, { label: name, type: "property", detail: table.name,
					    info: comment, boost: -10 });
	}
	return [
		sql(config),
		SQLite.language.data.of({ autocomplete: [...calls, ...columns.values()] }),
	];
}

// More than any text field has. All that editors of programs have is 2 KB more.
const keys = [
	{ key: "Mod-/", run: toggleComment },
	{ key: "Mod-[", run: indentLess },
	{ key: "Mod-]", run: indentMore },
	{ key: "Alt-ArrowUp", run: moveLineUp },
	{ key: "Alt-ArrowDown", run: moveLineDown },
];

// Where the browser itself types over a selection it keeps the colours of what
// was there, as an inline style, which the page's policy refuses and reports.
const typeOver = EditorView.domEventHandlers({
	beforeinput(event, view) {
		const { from, to, empty } = view.state.selection.main;
		const text = event.data;
		const insert = () => view.state.update(view.state.replaceSelection(text ?? ""),
			{ userEvent: "input.type", scrollIntoView: true });

		if (event.inputType !== "insertText" || empty || !text || event.isComposing)
			return false;
		event.preventDefault();
		if (!view.state.facet(EditorView.inputHandler).some((handler) =>
			handler(view, from, to, text, insert)))
			view.dispatch(insert());
		return true;
	},
});

export function createEditor(host: HTMLElement, options: EditorOptions): Editor {
	const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
	const language = new Compartment();
	const run = Prec.highest(keymap.of([
		{ key: "Mod-Enter", run: () => { options.onRun(); return true; } },
		{ key: "Shift-Enter", run: () => { options.onRun(); return true; } },
	]));
	const view = new EditorView({
		root, parent: root,
		state: EditorState.create({
			doc: options.text,
			extensions: [
				run, typeOver, lineNumbers(), history(), bracketMatching(),
				indentUnit.of("  "), autocompletion({ icons: false }),
				EditorView.lineWrapping, placeholder("SELECT …"),
				keymap.of([...keys, ...standardKeymap, ...historyKeymap,
					   ...completionKeymap]),
				language.of(sql({ dialect: SQLite, upperCaseKeywords: true })),
				syntaxHighlighting(colors), look,
				EditorView.contentAttributes.of({ "aria-label": options.label }),
				EditorView.updateListener.of((update) => {
					if (update.docChanged)
						options.onChange(update.state.doc.toString());
				}),
			],
		}),
	});

	return {
		text: () => view.state.doc.toString(),
		setText(text) {
			const { doc } = view.state;

			if (text === doc.toString())
				return;
			view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
		},
		insert: (text) => view.dispatch(view.state.replaceSelection(text)),
		setTables: (tables, functions) =>
			view.dispatch({ effects: language.reconfigure(
				completionOf(tables, functions)) }),
		focus: () => view.focus(),
		destroy: () => view.destroy(),
	};
}
