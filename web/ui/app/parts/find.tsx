// SPDX-License-Identifier: Apache-2.0
// What a list is narrowed by while it is typed.
interface Props {
	label: string;
	/** What stands there while it is empty; else the label does. */
	hint?: string;
	text: string;
	set: (text: string) => void;
}

export function Find({ label, hint = label, text, set }: Props) {
	return (
		<input
			type="search"
			class="find"
			placeholder={hint}
			aria-label={label}
			value={text}
			onInput={(event) => set(event.currentTarget.value)}
		/>
	);
}
