// SPDX-License-Identifier: Apache-2.0
// What the page says above the graph: where the profile is from, how good it
// is, and the long version of that.

function describeTrust(profile) {
	const { proven, unproven, native } = profile.trust;
	const python = proven + unproven;

	if (!profile.samples)
		return "no samples";
	if (!python)
		return "no Python";
	return native === profile.samples ? "native only" :
		`${formatShare(proven, python)} of Python proven`;
}

function showTrust(profile) {
	const bar = byId("trust");
	const words = [];

	for (const name of ["proven", "unproven", "native"]) {
		const count = profile.trust[name];

		if (!count)
			continue;
		const part = make("span", { className: name });
		part.style.flexGrow = count;
		bar.append(part);
		words.push(`${formatCount(count)} ${name}`);
	}
	byId("trust-words").textContent = describeTrust(profile);
	bar.title = words.join(", ");
	bar.setAttribute("aria-label", `Samples: ${bar.title || "none"}`);
}

// Nothing is left out without a word.
function allNotes(profile) {
	const notes = [...profile.notes];

	if (profile.least_samples)
		notes.push("Boxes of fewer than " +
			`${formatSamples(profile.least_samples)} are left out: ` +
			"their samples are their callers' own here.");
	if (profile.threads_left_out)
		notes.push("There are too many samples to tell threads apart " +
			"here: v_sample does.");
	return notes;
}

// When it was: of a part of a store, which part.
function spanTexts(profile) {
	const { session, selection } = profile;

	if (!selection)
		return [formatDate(session.start_wall_ns),
			formatTime(session.duration_ns)];
	return [`${formatDate(selection.from_wall_ns)} to ` +
			formatDate(selection.until_wall_ns),
		formatTime(selection.until_wall_ns - selection.from_wall_ns),
		selection.filters];
}

function showHeader(profile) {
	const { session } = profile;
	const command = session.command || profile.title;
	const cpus = `${session.cpu_count} CPU${session.cpu_count === 1 ? "" : "s"}`;
	const meta = [
		profile.title, session.host, `Linux ${session.kernel}`, cpus,
		...spanTexts(profile),
		`${session.event} at ${session.frequency_hz} Hz`,
	];

	document.title = `${profile.title || command} · brindle`;
	byId("command").textContent = command;
	byId("command").title = command;
	byId("meta").textContent = meta.filter((text) => text).join("  ·  ");
	byId("meta").title = byId("meta").textContent;
	byId("samples").textContent = formatCount(profile.samples);
	if (session.event === "off-cpu")
		byId("time-name").textContent = "Blocked";
	else if (profile.weight_unit !== "ns")
		byId("time-name").textContent = capitalize(session.event);
	byId("time").textContent = formatWeight(profile.time_ns,
						profile.weight_unit);
	byId("lost").textContent = formatCount(profile.lost);
	byId("lost").classList.toggle("bad", profile.lost > 0);
	showTrust(profile);
	byId("notes").append(...allNotes(profile).map((note) =>
		make("li", { textContent: note })));
	byId("notes").hidden = !byId("notes").children.length;
}

function trustRows(profile) {
	const rows = ["proven", "unproven", "native"].map((name) => {
		const count = profile.trust[name];
		const share = formatShare(count, profile.samples);

		return [capitalize(name), `${formatCount(count)} samples, ${share}`];
	});

	for (const reason of profile.trust.reasons)
		rows.push(["Unproven because",
			   `${reason.meaning}: ${formatCount(reason.samples)}`]);
	return rows;
}

function fillAbout(profile) {
	const { session } = profile;
	const rows = [
		["Command", session.command],
		["Host", `${session.host}, Linux ${session.kernel} ` +
			`${session.architecture}, ${session.cpu_count} CPUs`],
		["Recorded", `${formatDate(session.start_wall_ns)}, ` +
			`for ${formatTime(session.duration_ns)}` +
			(session.cut_short ? ", end unknown" : "")],
		["Event", `${session.event} at ${session.frequency_hz} Hz: ` +
			"a sample is " +
			formatWeight(session.period_ns, profile.weight_unit)],
		["Samples", `${formatCount(profile.samples)}, ` +
			`${formatCount(profile.lost)} lost`],
		...trustRows(profile),
		["Recorded by", `brindle ${session.brindle_version}`],
	];

	byId("about").querySelector("table").append(...rows.map(([name, value]) =>
		make("tr", {}, make("th", { textContent: name, scope: "row" }),
		     make("td", { textContent: value }))));
}

const KEYS = [
	["/", "search"], ["n  N", "next, previous match"],
	["← → ↑ ↓", "move: neighbours, callers, callees"],
	["Enter", "zoom into the selected box"], ["Esc", "one step out"],
	["0", "show everything"], ["i", "turn it upside down"],
	["t", "graph or table of functions"],
	["c", "copy the name"], ["s", "copy the stack"],
	["1 2 3 4", "show or leave out Python, native, kernel, other"],
	["p", "about this profile"], ["g", "light, dark, or as the system is"],
	["?", "this help"],
	["Ctrl + wheel", "zoom about the pointer; drag to move"],
];

function fillHelp() {
	byId("help").querySelector("table").append(...KEYS.map(([key, what]) =>
		make("tr", {}, make("th", {}, make("kbd", { textContent: key })),
		     make("td", { textContent: what }))));
}
