// SPDX-License-Identifier: Apache-2.0
// One of a few, all of which are in sight.
interface Props<Value> {
	label: string;
	/** Each with its title. */
	of: readonly (readonly [Value, string])[];
	chosen: Value;
	choose: (value: Value) => void;
}

export function Switches<Value>({ label, of, chosen, choose }: Props<Value>) {
	return (
		<div class="switches" role="group" aria-label={label}>
			{of.map(([value, title]) => (
				<button
					type="button"
					key={title}
					aria-pressed={value === chosen}
					onClick={() => choose(value)}>
					{title}
				</button>
			))}
		</div>
	);
}
