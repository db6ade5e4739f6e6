// SPDX-License-Identifier: Apache-2.0
// A button that opens a small panel under itself. Escape and a click elsewhere
// close it (the browser's popover does that), and the focus comes back.
import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

interface Props {
	label: ComponentChildren;
	title?: string;
	class?: string;
	/** Called when it is opened. */
	onOpen?: () => void;
	children: (close: () => void) => ComponentChildren;
}

const GAP = 6;

// Under the button, within the window.
function place(panel: HTMLElement, button: HTMLElement): void {
	const at = button.getBoundingClientRect();
	const left = Math.min(at.left, innerWidth - panel.offsetWidth - 8);

	panel.style.left = `${Math.max(8, left)}px`;
	panel.style.top = `${at.bottom + GAP}px`;
	panel.style.maxHeight = `${Math.max(120, innerHeight - at.bottom - 2 * GAP)}px`;
}

// Up and down, among what can be chosen.
function walk(event: KeyboardEvent): void {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	const panel = event.currentTarget as HTMLElement;
	const { target } = event;

	if (!step || (target instanceof HTMLInputElement && target.type === "datetime-local"))
		return;
	const all = [...panel.querySelectorAll<HTMLElement>("input, button, a")];
	const at = all.indexOf(target as HTMLElement);

	event.preventDefault();
	all[(at + step + all.length) % all.length]?.focus();
}

export function Popup({ label, title, class: name = "", onOpen, children }: Props) {
	const id = useId();
	const button = useRef<HTMLButtonElement>(null);
	const panel = useRef<HTMLDivElement>(null);
	const [open, setOpen] = useState(false);
	const toggled = (event: ToggleEvent) => {
		const now = event.newState === "open";

		setOpen(now);
		if (!now)
			return;
		onOpen?.();
		requestAnimationFrame(() => {
			place(panel.current!, button.current!);
			panel.current!.querySelector<HTMLElement>("input, button, a")?.focus();
		});
	};

	return (
		<>
			<button
				type="button"
				ref={button}
				class={name}
				title={title}
				popovertarget={id}
				aria-haspopup="dialog"
				aria-expanded={open}>
				{label}
			</button>
			<div
				id={id}
				ref={panel}
				class="popup"
				popover="auto"
				onKeyDown={walk}
				onToggle={toggled as unknown as (event: Event) => void}>
				{open && children(() => panel.current?.hidePopover())}
			</div>
		</>
	);
}
