// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, and elements from text. Nothing in this page
// makes markup from data: text goes in as text.

function formatCount(count) {
	return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

function formatSamples(count) {
	return `${formatCount(count)} sample${count === 1 ? "" : "s"}`;
}

function formatShare(part, whole) {
	const percent = whole ? 100 * part / whole : 0;

	if (percent === 0 || percent >= 99.995)
		return `${percent ? 100 : 0} %`;
	if (percent >= 99.9)
		return `${Math.floor(percent * 100) / 100} %`;
	return percent < 0.01 ? "< 0.01 %" :
		`${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

function formatTime(ns) {
	const seconds = ns / 1e9;
	const minutes = Math.floor(seconds / 60);

	if (seconds >= 7200)
		return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
	if (seconds >= 120)
		return `${minutes} min ${Math.round(seconds % 60)} s`;
	if (seconds >= 1 || seconds === 0)
		return `${Number(seconds.toPrecision(3))} s`;
	if (seconds >= 1e-3)
		return `${Number((seconds * 1e3).toPrecision(3))} ms`;
	return `${Number((seconds * 1e6).toPrecision(3))} µs`;
}

// In the unit of the profile's event, "ns" for most.
function formatWeight(weight, unit) {
	return unit === "ns" ? formatTime(weight) :
		`${formatCount(weight)} ${unit}`;
}

function formatDate(wallNs) {
	const date = new Date(wallNs / 1e6);
	const pad = (number) => String(number).padStart(2, "0");

	if (!wallNs)
		return "";
	return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-` +
		`${pad(date.getDate())} ${pad(date.getHours())}:` +
		`${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

function byId(id) {
	return document.getElementById(id);
}

// An element with properties and children, which are elements or text.
function make(tag, properties, ...children) {
	const element = Object.assign(document.createElement(tag), properties);

	element.append(...children);
	return element;
}

function capitalize(word) {
	return word[0].toUpperCase() + word.slice(1);
}
