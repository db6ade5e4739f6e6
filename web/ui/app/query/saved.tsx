// SPDX-License-Identifier: Apache-2.0
// Queries of one's own beside those of the cookbook.
import { useState } from "preact/hooks";
import { Popup } from "../parts/popup";
import { forgetQuery, saveQuery, titleOf, type SavedQuery } from "../state/saved";
import { makeVisible } from "../words";

function Naming({ sql, close }: { sql: string; close: () => void }) {
	const [title, setTitle] = useState(titleOf(sql));

	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				saveQuery({ title: title.trim(), sql });
				close();
			}}>
			<label>
				Name of the query
				<input
					type="text"
					value={title}
					maxLength={80}
					onInput={(event) => setTitle(event.currentTarget.value)}
				/>
			</label>
			<button type="submit" class="primary" disabled={!title.trim()}>
				Save in this browser
			</button>
		</form>
	);
}

export function SaveQuery({ sql }: { sql: string }) {
	return (
		<Popup label="Save …" title="Keep this query in this browser">
			{(close) => <Naming sql={sql} close={close} />}
		</Popup>
	);
}

export function SavedList({
	queries,
	choose,
}: {
	queries: SavedQuery[];
	choose: (sql: string) => void;
}) {
	if (!queries.length)
		return (
			<p class="soft none">
				Nothing saved yet: “Save …” keeps a query in this browser. A link to
				a query is the address of this page.
			</p>
		);
	return (
		<ul class="recipes">
			{queries.map(({ title, sql }) => (
				<li key={title} class="kept">
					<button type="button" title={sql} onClick={() => choose(sql)}>
						{makeVisible(title)}
					</button>
					<button
						type="button"
						class="icon"
						aria-label={`Forget ${makeVisible(title)}`}
						title="Forget it"
						onClick={() => forgetQuery(title)}>
						×
					</button>
				</li>
			))}
		</ul>
	);
}
