// SPDX-License-Identifier: Apache-2.0
// The editor, loaded when it is first wanted; until then, and where it does
// not load, a plain text area does the same.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Editor } from "../../sql/editor";
import type { Schema } from "../api/types";

type Module = typeof import("../../sql/editor");

interface Props {
	text: string;
	/** Another object when the text is given, not typed. */
	given: object;
	schema: Schema | null;
	onChange: (text: string) => void;
	onRun: () => void;
}

const LABEL = "SQL";
let loading: Promise<Module> | null = null;

function load(): Promise<Module> {
	loading ??= import("./sql.js" as string) as Promise<Module>;
	return loading;
}

export function QueryEditor({ text, given, schema, onChange, onRun }: Props) {
	const host = useRef<HTMLDivElement>(null);
	const editor = useRef<Editor | null>(null);
	const [ready, setReady] = useState(false);
	const now = useRef({ onChange, onRun, text });

	now.current = { onChange, onRun, text };
	useEffect(() => {
		let gone = false;

		load().then(
			({ createEditor }) => {
				if (gone)
					return;
				editor.current = createEditor(host.current!, {
					text: now.current.text,
					label: LABEL,
					onChange: (said) => now.current.onChange(said),
					onRun: () => now.current.onRun(),
				});
				setReady(true);
				editor.current.focus();
			},
			() => undefined
		);
		return () => {
			gone = true;
			editor.current?.destroy();
			editor.current = null;
		};
	}, []);
	// What was typed is not said to the editor again: it comes late, and would
	// undo what was typed meanwhile.
	useEffect(() => editor.current?.setText(text), [given]);
	useEffect(() => {
		if (ready && schema)
			editor.current?.setTables(
				schema.tables,
				(schema.functions ?? []).map((one) =>
					typeof one === "string" ? one : one.name
				)
			);
	}, [ready, schema]);
	const key = (event: KeyboardEvent) => {
		if (event.key !== "Enter")
			return;
		if (!event.ctrlKey && !event.metaKey && !event.shiftKey)
			return;
		event.preventDefault();
		onRun();
	};

	return (
		<div class="editor-box">
			<div ref={host} class="editor" hidden={!ready} />
			{!ready && (
				<textarea
					class="editor plain-editor mono"
					aria-label={LABEL}
					value={text}
					spellcheck={false}
					onInput={(event) => onChange(event.currentTarget.value)}
					onKeyDown={key}
				/>
			)}
		</div>
	);
}
