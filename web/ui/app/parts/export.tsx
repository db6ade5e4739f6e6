// SPDX-License-Identifier: Apache-2.0
// What is chosen, in the formats of others.
import { urlOfAnswer } from "../api/client";
import { graphQuery } from "../state/selection";
import { Popup } from "./popup";

const FORMATS: readonly { name: string; title: string; about: string }[] = [
	{ name: "pprof", title: "pprof", about: "go tool pprof, Pyroscope, Parca, Perfetto" },
	{ name: "speedscope", title: "speedscope", about: "speedscope, by thread" },
	{ name: "gecko", title: "Firefox Profiler", about: "profiler.firefox.com, Perfetto" },
	{ name: "folded", title: "Folded stacks", about: "flamegraph.pl, inferno" },
	{ name: "html", title: "HTML page", about: "this graph in one file, works offline" },
	{ name: "svg", title: "SVG picture", about: "for documents" },
	{ name: "csv", title: "CSV", about: "functions, for spreadsheets" },
];

export function ExportMenu() {
	return (
		<Popup class="export" label="Export" title="Save what is chosen in other formats">
			{(close) => (
				<ul class="menu formats">
					{FORMATS.map(({ name, title, about }) => (
						<li key={name}>
							<a
								href={urlOfAnswer("export", {
									...graphQuery.value,
									format: name,
								})}
								download
								onClick={close}>
								<span>{title}</span>
								<small>{about}</small>
							</a>
						</li>
					))}
				</ul>
			)}
		</Popup>
	);
}
