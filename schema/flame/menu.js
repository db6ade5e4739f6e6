// SPDX-License-Identifier: Apache-2.0
// The menu of a box, and the clipboard.

// The clipboard's interface is not there in every browser's file:// pages.
async function copyText(text, what) {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const area = make("textarea", { value: text,
						className: "unseen" });

		document.body.append(area);
		area.select();
		document.execCommand("copy");
		area.remove();
	}
	byId("announce").textContent = `Copied ${what}`;
}

function closeMenu() {
	byId("menu").hidden = true;
}

// @items: [label, key, action]. Closed by a choice, Escape or a click outside.
function openMenu(x, y, items) {
	const menu = byId("menu");

	menu.replaceChildren(...items.map(([label, key, action]) => {
		const button = make("button", {
			onclick: () => {
				closeMenu();
				action();
			},
		}, label, key ? make("kbd", { textContent: key }) : "");

		button.setAttribute("role", "menuitem");
		return button;
	}));
	menu.hidden = false;
	const { width, height } = menu.getBoundingClientRect();
	menu.style.left = `${Math.max(0, Math.min(x, innerWidth - width - 4))}px`;
	menu.style.top = `${Math.max(0, Math.min(y, innerHeight - height - 4))}px`;
	menu.firstChild.focus();
}

function moveInMenu(event) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	const buttons = [...byId("menu").children];
	const at = buttons.indexOf(document.activeElement);

	if (event.key === "Escape")
		closeMenu();
	else if (step)
		buttons[(at + step + buttons.length) % buttons.length].focus();
	else
		return;
	event.preventDefault();
	event.stopPropagation();
}
