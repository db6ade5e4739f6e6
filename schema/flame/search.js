// SPDX-License-Identifier: Apache-2.0
// Which functions are meant: text (capitals matter when there are any),
// /pattern/, and before either one "file:" or "module:".

function escapePattern(text) {
	return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

// A function from text to boolean; throws when the pattern is none.
function makeTest(text) {
	const pattern = /^\/(.+)\/([imsu]*)$/.exec(text);

	if (pattern) {
		const regex = new RegExp(pattern[1], pattern[2]);
		return (name) => regex.test(name);
	}
	if (/\p{Lu}/u.test(text))
		return (name) => name.includes(text);
	const lower = text.toLowerCase();
	return (name) => name.toLowerCase().includes(lower);
}

// The functions that @query means, as 0 and 1.
function matchFunctions(profile, query) {
	const { names, files, modules, count } = profile.functions;
	const scope = /^(file|module):/.exec(query);
	const test = makeTest(scope ? query.slice(scope[0].length) : query);
	const textOf = {
		file: (fn) => files[fn] ? profile.files[files[fn] - 1] : "",
		module: (fn) => modules[fn] ?
			profile.modules[modules[fn] - 1] : "",
	}[scope && scope[1]] || ((fn) => names[fn]);
	const found = new Uint8Array(count);

	// Function 0 is "all", which is no function.
	for (let fn = 1; fn < count; fn++)
		found[fn] = test(textOf(fn)) ? 1 : 0;
	return found;
}

// Where they are in the tree. A match inside a match is counted once.
function searchTree(profile, tree, query) {
	const found = matchFunctions(profile, query);
	const covered = new Uint8Array(tree.count);
	const functions = new Set();
	const tops = [];
	let weight = 0;
	let places = 0;

	for (let i = 1; i < tree.count; i++) {
		covered[i] = covered[tree.parent[i]];
		if (!found[tree.fn[i]])
			continue;
		places++;
		functions.add(tree.fn[i]);
		if (!covered[i]) {
			tops.push(i);
			weight += tree.total[i];
		}
		covered[i] = 1;
	}
	tops.sort((a, b) => tree.total[b] - tree.total[a] || a - b);
	return { query, found, tops, places, functionCount: functions.size,
		 share: tree.total[0] ? weight / tree.total[0] : 0 };
}
