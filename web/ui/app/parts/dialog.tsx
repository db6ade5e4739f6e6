// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
	title: string;
	open: boolean;
	onClose: () => void;
	children: ComponentChildren;
}

export function Dialog({ title, open, onClose, children }: Props) {
	const dialog = useRef<HTMLDialogElement>(null);
	const id = useId();

	useEffect(() => {
		if (!open)
			return dialog.current!.close();
		dialog.current!.showModal();
		// What can be focused may be far below.
		dialog.current!.scrollTop = 0;
	}, [open]);
	return (
		<dialog
			ref={dialog}
			aria-labelledby={id}
			onClose={onClose}
			onClick={(event) => event.target === dialog.current && onClose()}>
			{open && (
				<div class="inside">
					<h2 id={id}>{title}</h2>
					{children}
					<div class="end">
						<button type="button" onClick={onClose}>
							Close
						</button>
					</div>
				</div>
			)}
		</dialog>
	);
}
