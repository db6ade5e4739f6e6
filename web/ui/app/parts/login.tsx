// SPDX-License-Identifier: Apache-2.0
// Without a token nothing of the profile is shown: what to do instead.
import { useState } from "preact/hooks";
import { Problem, signIn } from "../api/client";
import { refreshStatus } from "../state/session";
import { Mark } from "./mark";

export function Login() {
	const [token, setToken] = useState("");
	const [said, setSaid] = useState("");
	const submit = async (event: Event) => {
		event.preventDefault();
		try {
			await signIn(token.trim().replace(/^.*#token=/, ""));
			await refreshStatus();
		} catch (error) {
			setSaid(
				error instanceof Problem && error.status === 401
					? "That is not the token of this server."
					: String((error as Error).message)
			);
		}
	};

	return (
		<main class="login">
			<Mark />
			<h1>This profile is locked</h1>
			<p>
				Stacks and command lines of all users are in it, so the page asks
				who you are. What <code>brindle serve</code> printed opens it; if it
				is the daemon’s, this does, on its host:
			</p>
			<pre>
				<code>brindle open</code>
			</pre>
			<p>Or paste the token that was printed:</p>
			<form onSubmit={(event) => void submit(event)}>
				<input
					type="password"
					aria-label="Token"
					autocomplete="off"
					value={token}
					onInput={(event) => setToken(event.currentTarget.value)}
				/>
				<button type="submit" class="primary" disabled={!token.trim()}>
					Open
				</button>
			</form>
			{said && (
				<p class="problem" role="alert">
					{said}
				</p>
			)}
		</main>
	);
}
