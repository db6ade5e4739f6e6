// SPDX-License-Identifier: Apache-2.0
// Beside the editor: recipes to begin with, and what there is to ask for.
import { useState } from "preact/hooks";
import type { Recipe, Schema } from "../api/types";
import { Find } from "../parts/find";
import { Words } from "../parts/show";
import { Switches } from "../parts/switches";
import { savedQueries } from "../state/saved";
import { SavedList } from "./saved";

function Cookbook({ recipes, choose }: { recipes: Recipe[]; choose: (sql: string) => void }) {
	return (
		<ul class="recipes">
			{recipes.map((recipe) => (
				<li key={recipe.title + recipe.sql}>
					<button
						type="button"
						onClick={() => choose(recipe.sql)}
						title={recipe.sql}>
						<Words text={recipe.title} />
					</button>
				</li>
			))}
		</ul>
	);
}

function Tables({ schema, insert }: { schema: Schema; insert: (text: string) => void }) {
	return (
		<div class="tables">
			{schema.tables.map((table) => (
				<details key={table.name}>
					<summary>
						<code>{table.name}</code>
						{table.kind !== "view" && (
							<small>{table.kind}</small>
						)}
					</summary>
					{table.comment && <p class="soft">{table.comment}</p>}
					<ul>
						{table.columns.map((column) => (
							<li key={column.name}>
								<button
									type="button"
									class="link mono"
									title={column.comment}
									onClick={() =>
										insert(column.name)
									}>
									{column.name}
								</button>
								{column.comment && (
									<span class="soft">
										{column.comment}
									</span>
								)}
							</li>
						))}
					</ul>
				</details>
			))}
		</div>
	);
}

interface Props {
	recipes: Recipe[];
	schema: Schema | null;
	choose: (sql: string) => void;
	insert: (text: string) => void;
}

const PAGES = [
	["cookbook", "Cookbook"],
	["saved", "Saved"],
	["tables", "Tables"],
] as const;
type Page = (typeof PAGES)[number][0];

export function QuerySide({ recipes, schema, choose, insert }: Props) {
	const [text, setText] = useState("");
	const [page, setPage] = useState<Page>("cookbook");
	const has = (...words: (string | undefined)[]) =>
		words.join(" ").toLowerCase().includes(text.toLowerCase());
	const known = schema && {
		...schema,
		tables: schema.tables.filter((table) =>
			has(table.name, table.comment, ...table.columns.map(({ name }) => name))
		),
	};
	const title = PAGES.find(([name]) => name === page)![1];

	return (
		<aside class="side-panel" aria-label="Recipes and tables">
			<div class="tools">
				<Switches<Page>
					label="Beside the editor"
					of={PAGES}
					chosen={page}
					choose={setPage}
				/>
				<Find
					label="Find a recipe or table"
					hint="Find"
					text={text}
					set={setText}
				/>
			</div>
			<div class="scroll" tabIndex={0} role="region" aria-label={title}>
				{page === "tables" ? (
					known && <Tables schema={known} insert={insert} />
				) : page === "saved" ? (
					<SavedList
						queries={savedQueries.value.filter((one) =>
							has(one.title, one.sql)
						)}
						choose={choose}
					/>
				) : (
					<Cookbook
						recipes={recipes.filter((recipe) =>
							has(
								recipe.title,
								recipe.section,
								recipe.sql
							)
						)}
						choose={choose}
					/>
				)}
			</div>
		</aside>
	);
}
