// SPDX-License-Identifier: Apache-2.0
// Questions to the server that this page came from, and to no other.
import { signal } from "@preact/signals";
import { queryText, type Query } from "../state/location";

/** What the server said when it could not answer (RFC 9457). */
export class Problem extends Error {
	constructor(readonly status: number, readonly title: string,
		    detail: string) {
		super(detail || title);
	}
}

/** The server knows us, as far as the page has seen. */
export const access = signal<"unknown" | "granted" | "refused">("unknown");

const API = "/api/v1/";

async function problemOf(response: Response): Promise<Problem> {
	const titles: Record<number, string> = {
		400: "Not understood", 401: "Not signed in", 404: "Not in this profile",
		429: "Too many at once", 503: "Busy",
	};
	const { status } = response;
	const title = titles[status];

	try {
		const said = await response.json() as
			{ title?: string; detail?: string };

		return new Problem(status, title ?? said.title ?? `Error ${status}`,
				   said.detail ?? "");
	} catch {
		return new Problem(status, title ?? `Error ${status}`, response.statusText);
	}
}

async function request(path: string, options: RequestInit): Promise<Response> {
	let response: Response;

	try {
		response = await fetch(API + path, options);
	} catch (error) {
		if (options.signal?.aborted)
			throw error;
		throw new Problem(0, "No answer",
				  "The server does not answer. Is brindle still running?");
	}
	if (response.ok) {
		access.value = "granted";
		return response;
	}
	if (response.status === 401)
		access.value = "refused";
	throw await problemOf(response);
}

export function urlOfAnswer(path: string, values: Query): string {
	return API + path + queryText(values);
}

export async function get<T>(path: string, values: Query,
			     signal?: AbortSignal): Promise<T> {
	const response = await request(path + queryText(values), { signal });

	return await response.json() as T;
}

export async function post<T>(path: string, body: unknown,
			      signal?: AbortSignal): Promise<T | null> {
	const response = await request(path, {
		method: "POST", signal, body: JSON.stringify(body),
		headers: { "Content-Type": "application/json" },
	});

	return response.status === 204 ? null : await response.json() as T;
}

/** Exchanges the token for a cookie that scripts cannot read. */
export async function signIn(token: string): Promise<void> {
	await post("session", { token });
	access.value = "granted";
}
