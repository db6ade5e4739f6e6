// SPDX-License-Identifier: Apache-2.0
// Elements from text. Nothing makes markup of data: text goes in as text.

type Properties<T> = Partial<Omit<T, "style" | "children" | "role">> & {
	role?: string;
	aria?: Record<string, string>;
};

/** An element with properties and children, which are elements or text. */
export function make<K extends keyof HTMLElementTagNameMap>(
		tag: K, properties: Properties<HTMLElementTagNameMap[K]> = {},
		...children: (Node | string)[]): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	const { role, aria, ...rest } = properties;

	Object.assign(element, rest);
	if (role)
		element.setAttribute("role", role);
	for (const [name, value] of Object.entries(aria ?? {}))
		element.setAttribute(`aria-${name}`, value);
	element.append(...children);
	return element;
}

/** Names are written from left to right or right to left by themselves. */
export function name(text: string, className = ""): HTMLElement {
	return make("bdi", { className, textContent: text });
}

export function setPressed(button: HTMLElement, pressed: boolean) {
	button.setAttribute("aria-pressed", String(pressed));
}

// The clipboard's interface is not there on every file:// or http:// page.
export async function copyText(text: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const area = make("textarea", { value: text, className: "unseen" });

		document.body.append(area);
		area.select();
		document.execCommand("copy");
		area.remove();
	}
}
