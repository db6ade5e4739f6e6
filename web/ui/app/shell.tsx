// SPDX-License-Identifier: Apache-2.0
// What stands around every view: the tabs, the range and the filters, the
// timeline, the health corner.
import { useEffect, useRef, useState } from "preact/hooks";
import { access } from "./api/client";
import { pressed } from "./keys";
import { later } from "./later";
import { ExportMenu } from "./parts/export";
import { Filters } from "./parts/filters";
import { HealthCorner, LiveButton } from "./parts/health";
import { Login } from "./parts/login";
import { Mark } from "./parts/mark";
import { RangePicker } from "./parts/range";
import { Failure } from "./parts/show";
import { NEXT_THEME, theme, utc } from "./state/preferences";
import { togglePause } from "./state/selection";
import { begin, nowUs, refreshStatus, status, statusProblem } from "./state/session";
import { urlOf } from "./state/location";
import { Timeline } from "./timeline/timeline";
import { viewKeys } from "./view_keys";
import { currentView, showView, VIEWS, viewPatch, type View } from "./views/views";
import { zoneText } from "./words";

const Help = later("Help");
/** Of each view: a digit, if there is one for it, and a letter after "g". */
const VIEW_KEYS = viewKeys(VIEWS.map(({ name }) => name));
const OPEN_VIEW = Object.fromEntries(
	VIEW_KEYS.flatMap((keys, i) => keys.map((key) => [key, () => showView(VIEWS[i]!.name)]))
);
const VIEW_HELP = VIEW_KEYS.map(
	(keys, i) => [keys.join("  ").replace("g", "g "), VIEWS[i]!.title] as [string, string]
);
const THEME_SIGN = { auto: "◐", light: "☼", dark: "☾" };

function Tab({ view, current }: { view: View; current: boolean }) {
	const go = (event: MouseEvent) => {
		if (event.ctrlKey || event.metaKey || event.shiftKey)
			return;
		event.preventDefault();
		showView(view.name);
	};

	return (
		<a
			href={urlOf({ ...viewPatch(view.name), view: view.name })}
			aria-current={current ? "page" : undefined}
			title={view.about}
			onClick={go}>
			{view.title}
		</a>
	);
}

function TopBar({ onHelp }: { onHelp: () => void }) {
	const current = currentView();
	const tabs = useRef<HTMLElement>(null);

	useEffect(
		() =>
			tabs.current
				?.querySelector("[aria-current]")
				?.scrollIntoView({ block: "nearest", inline: "center" }),
		[current]
	);
	return (
		<header class="top">
			<a
				class="brand"
				href="/"
				title="brindle: start again"
				onClick={(event) => {
					event.preventDefault();
					showView("overview");
				}}>
				<Mark />
				<span class="unseen">brindle</span>
			</a>
			<nav aria-label="Views" ref={tabs}>
				{VIEWS.map((view) => (
					<Tab
						key={view.name}
						view={view}
						current={view === current}
					/>
				))}
			</nav>
			<div class="end">
				<HealthCorner onOpen={() => showView("health")} />
				<LiveButton toggle={togglePause} />
				<button
					type="button"
					class="icon"
					title={`Colours: ${theme.value} (g g)`}
					aria-label={`Colours: ${theme.value}`}
					onClick={() => {
						theme.value = NEXT_THEME[theme.value];
					}}>
					{THEME_SIGN[theme.value]}
				</button>
				<button
					type="button"
					class="icon"
					title="Keys and words (?)"
					aria-label="Help"
					onClick={onHelp}>
					?
				</button>
			</div>
		</header>
	);
}

function Bar({ view }: { view: View }) {
	return (
		<div class="bar">
			<RangePicker />
			{view.filters && <Filters />}
			<div class="end">
				<button
					type="button"
					class="plain zone"
					aria-pressed={utc.value}
					title="Times in UTC, or by this browser’s clock"
					onClick={() => {
						utc.value = !utc.value;
					}}>
					{zoneText(nowUs.value)}
				</button>
				<ExportMenu />
			</div>
		</div>
	);
}

function Page() {
	// null: nobody asked for it yet.
	const [help, setHelp] = useState<boolean | null>(null);
	const view = currentView();
	const Shown = view.view;

	useEffect(() => {
		const listener = (event: KeyboardEvent) =>
			pressed(event, OPEN_VIEW, () => setHelp((shown) => !shown));

		addEventListener("keydown", listener);
		return () => removeEventListener("keydown", listener);
	}, []);
	useEffect(() => {
		const name = status.value?.host ?? status.value?.database.path ?? "";

		document.title = [view.title, name, "brindle"].filter(Boolean).join(" · ");
	}, [view, status.value?.host]);
	return (
		<>
			<TopBar onHelp={() => setHelp(true)} />
			{(view.timeline || view.filters) && <Bar view={view} />}
			{view.timeline && <Timeline />}
			<main class={`view ${view.name}`} aria-label={view.title}>
				<Shown key={view.name} />
			</main>
			{help !== null && <Help open={help} views={VIEW_HELP} onClose={() => setHelp(false)} />}
		</>
	);
}

export function Shell() {
	useEffect(() => void begin(), []);
	if (access.value === "refused")
		return <Login />;
	if (status.value)
		return <Page />;
	return (
		<main class="login">
			<Mark />
			{statusProblem.value ? (
				<Failure
					problem={statusProblem.value}
					again={() => void refreshStatus()}
				/>
			) : (
				<p aria-busy="true">Opening the profile …</p>
			)}
		</main>
	);
}
