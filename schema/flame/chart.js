// SPDX-License-Identifier: Apache-2.0
// The drawing: rows of a tree on a canvas as large as the window's part for
// it; what lies outside is neither drawn nor looked at. In each row the first
// visible node is found by bisection, and nodes narrower than a pixel become
// one run. So a frame costs what is seen, not what there is.

const ROW = 20;
const FONT = "12px ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', " +
	"Menlo, Consolas, monospace";
const LABEL_MIN = 24;
const ZOOM_MS = 180;

// The first node of [from, to) that ends to the right of @value.
function firstEndingAfter(tree, from, to, value) {
	while (from < to) {
		const middle = (from + to) >> 1;

		if (tree.start[middle] + tree.total[middle] > value)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

class Chart {
	constructor(stage, canvas, extent, profile) {
		this.stage = stage;
		this.canvas = canvas;
		this.extent = extent;
		this.context = canvas.getContext("2d", { alpha: false });
		this.profile = profile;
		this.fillOf = fillsOfFunctions(profile.functions);
		this.isPlain = profile.functions.names.map((name) =>
			/^[\x20-\x7e]*$/.test(name));
		this.flipped = false;
		this.found = null;
		this.selected = 0;
		this.hovered = -1;
		this.pending = 0;
		this.setTheme();
	}

	setTheme() {
		this.palette = PALETTES[themeInUse()];
		this.fills = makeFills(this.palette);
		this.hatch = this.makeHatch();
		this.requestDraw();
	}

	// Diagonal lines for what is unproven, unresolved or guessed.
	makeHatch() {
		const tile = document.createElement("canvas");
		const pen = tile.getContext("2d");

		tile.width = tile.height = 6;
		pen.strokeStyle = this.palette.hatch;
		pen.lineWidth = 1.4;
		for (const shift of [-6, 0, 6]) {
			pen.beginPath();
			pen.moveTo(shift - 1, 7);
			pen.lineTo(shift + 7, -1);
			pen.stroke();
		}
		return this.context.createPattern(tile, "repeat");
	}

	setTree(tree) {
		this.tree = tree;
		this.zoomed = this.selected = 0;
		this.hovered = -1;
		this.from = 0;
		this.to = tree.total[0] || 1;
		this.target = null;
		this.resize();
	}

	// The canvas follows the window and the screen's pixels.
	resize() {
		const ratio = devicePixelRatio || 1;

		this.width = this.stage.clientWidth;
		this.height = this.stage.clientHeight;
		this.canvas.width = Math.max(1, Math.round(this.width * ratio));
		this.canvas.height = Math.max(1, Math.round(this.height * ratio));
		this.canvas.style.width = `${this.width}px`;
		this.canvas.style.height = `${this.height}px`;
		this.ratio = ratio;
		this.rows = this.tree ? this.tree.levels.length - 1 : 1;
		this.contentHeight = Math.max(this.rows * ROW + ROW, this.height);
		this.extent.style.height = `${this.contentHeight}px`;
		this.context.font = FONT;
		this.advance = this.context.measureText("0").width;
		this.requestDraw();
	}

	requestDraw() {
		if (!this.pending && this.tree)
			this.pending = requestAnimationFrame((now) => {
				this.pending = 0;
				this.step(now);
				this.draw();
			});
	}

	setFlipped(flipped) {
		this.flipped = flipped;
		this.stage.scrollTop = flipped ? this.contentHeight : 0;
		this.requestDraw();
	}

	rowTop(depth) {
		const y = this.flipped ?
			this.contentHeight - (depth + 1) * ROW : depth * ROW;

		return y - this.stage.scrollTop;
	}

	// Animation: the window [from, to) glides to its target.
	step(now) {
		const target = this.target;

		if (!target)
			return;
		target.begin = target.begin || now;
		const time = Math.min(1, (now - target.begin) / ZOOM_MS);
		const share = 1 - (1 - time) ** 3;

		this.from = target.oldFrom + (target.from - target.oldFrom) * share;
		this.to = target.oldTo + (target.to - target.oldTo) * share;
		if (time < 1) {
			this.requestDraw();
			return;
		}
		this.from = target.from;
		this.to = target.to;
		this.target = null;
	}

	// Where the animation goes, at once.
	arrive() {
		if (this.target)
			this.setWindow(this.target.from, this.target.to);
	}

	glideTo(from, to) {
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

		this.target = { from, to, oldFrom: this.from, oldTo: this.to,
				begin: still ? -ZOOM_MS : 0 };
		this.requestDraw();
	}

	zoom(node) {
		const { start, total } = this.tree;

		this.zoomed = node;
		this.glideTo(start[node], start[node] + (total[node] || 1));
		this.showRow(node);
	}

	// Scrolls so that the row of @node, and some of its callers, are seen.
	showRow(node) {
		const top = this.rowTop(this.tree.depth[node]);
		const callers = 3 * ROW;

		if (top < 0 || top + ROW > this.height)
			this.stage.scrollTop += this.flipped ?
				top + ROW + callers - this.height :
				top - callers;
	}

	// Free zoom about a point, and a shift: in weight, kept inside the whole.
	setWindow(from, to) {
		const all = this.tree.total[0] || 1;
		const size = Math.min(all, Math.max(to - from, all / 1e9));

		this.target = null;
		this.from = Math.min(Math.max(0, from), all - size);
		this.to = this.from + size;
		this.requestDraw();
	}

	zoomAbout(x, factor) {
		const size = this.to - this.from;
		const pivot = this.from + size * x / this.width;
		const share = x / this.width;

		this.setWindow(pivot - size * factor * share,
			       pivot + size * factor * (1 - share));
	}

	shift(pixels) {
		const by = pixels * (this.to - this.from) / this.width;

		this.setWindow(this.from + by, this.to + by);
	}

	nodeAt(x, y) {
		const content = y + this.stage.scrollTop;
		const depth = Math.floor((this.flipped ?
			this.contentHeight - content : content) / ROW);
		const { levels, start } = this.tree;

		if (depth < 0 || depth >= levels.length - 1)
			return -1;
		const value = this.from + (this.to - this.from) * x / this.width;
		const node = firstEndingAfter(this.tree, levels[depth],
					      levels[depth + 1], value);

		return node < levels[depth + 1] && start[node] <= value ? node : -1;
	}

	boxOf(node) {
		const scale = this.width / (this.to - this.from);
		const left = (this.tree.start[node] - this.from) * scale;

		return { left, right: left + this.tree.total[node] * scale,
			 top: this.rowTop(this.tree.depth[node]) };
	}

	isVisible(node) {
		const { left, right } = this.boxOf(node);

		return right > 0 && left < this.width && right - left >= 3;
	}

	draw() {
		const { context, palette } = this;

		context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
		context.fillStyle = palette.paper;
		context.fillRect(0, 0, this.width, this.height);
		this.boxes = this.fills.map(() => []);
		this.labels = [];
		this.hatched = [];
		for (let depth = 0; depth < this.rows; depth++) {
			const top = this.rowTop(depth);

			if (top > -ROW && top < this.height)
				this.collectRow(depth, top);
		}
		this.drawBoxes();
		this.drawLabels();
		this.drawOutline(this.selected, 2);
		if (this.hovered >= 0 && this.hovered !== this.selected)
			this.drawOutline(this.hovered, 1);
	}

	// What a search does not mean, and the callers of what is zoomed, step
	// back.
	isDimmed(node) {
		const fn = this.tree.fn[node];

		if (fn === 0)
			return false;
		return this.found ? !this.found[fn] :
			this.tree.depth[node] < this.tree.depth[this.zoomed];
	}

	fillFor(node) {
		const fn = this.tree.fn[node];

		if (this.isDimmed(node))
			return this.fillOf[fn] + FILL_DIMMED;
		return this.found && fn ? FILL_MATCH : this.fillOf[fn];
	}

	// What is to be drawn of one row.
	collectRow(depth, top) {
		const { tree, from } = this;
		const scale = this.width / (this.to - from);
		const pixel = 1 / scale;
		const end = tree.levels[depth + 1];
		let node = firstEndingAfter(tree, tree.levels[depth], end, from);

		while (node < end && tree.start[node] < this.to) {
			const left = (tree.start[node] - from) * scale;
			const right = left + tree.total[node] * scale;

			if (right - left >= 1) {
				this.collectBox(node, Math.max(left, 0),
						Math.min(right, this.width), top);
				node++;
				continue;
			}
			const next = firstEndingAfter(tree, node + 1, end,
						      tree.start[node] + pixel);
			this.boxes[this.fillOfRun(node, next)].push(
				left, top, 1);
			node = next;
		}
	}

	// A run is a match when anything in it is: a match must not vanish.
	fillOfRun(node, next) {
		const { fn } = this.tree;

		if (this.found)
			for (let i = node; i < next; i++)
				if (this.found[fn[i]])
					return FILL_MATCH;
		return this.fillFor(node);
	}

	collectBox(node, left, right, top) {
		const { tree } = this;
		const round = (x) => Math.round(x * this.ratio) / this.ratio;
		const x = round(left);
		const width = Math.max(round(right) - x, 1);
		const gap = width > 3 ? 1 : 0;

		this.boxes[this.fillFor(node)].push(x, top, width - gap);
		if (tree.doubt[node] && width > 3)
			this.hatched.push(node, x, top, width - gap);
		if (width >= LABEL_MIN)
			this.labels.push(node, x, top, width - gap);
	}

	drawBoxes() {
		const { context } = this;

		this.boxes.forEach((list, fill) => {
			context.fillStyle = this.fills[fill];
			for (let i = 0; i < list.length; i += 3)
				context.fillRect(list[i], list[i + 1],
						 list[i + 2], ROW - 1);
		});
		context.fillStyle = this.hatch;
		for (let i = 0; i < this.hatched.length; i += 4)
			this.drawHatch(...this.hatched.slice(i, i + 4));
	}

	// The share of the box that is hatched is the share that is in doubt.
	drawHatch(node, x, top, width) {
		const { doubt, totalSamples } = this.tree;
		const share = Math.min(1, doubt[node] / totalSamples[node]);
		const part = Math.max(width * share, Math.min(4, width));

		this.context.fillRect(x + width - part, top, part, ROW - 1);
	}

	drawLabels() {
		const { context, tree } = this;

		context.textBaseline = "middle";
		context.font = FONT;
		context.direction = "ltr";
		for (let i = 0; i < this.labels.length; i += 4) {
			const [node, x, top, width] = this.labels.slice(i, i + 4);

			context.fillStyle = this.isDimmed(node) ?
				this.palette.soft : this.palette.ink;
			this.drawLabel(tree.fn[node], x + 5, top + ROW / 2, width - 9);
		}
	}

	// The name, cut to fit; where there is room, where it is from.
	drawLabel(fn, x, y, width) {
		const name = this.profile.functions.names[fn];
		const { context, advance } = this;

		if (!this.isPlain[fn]) {
			context.fillText(this.cutWide(name, width), x, y);
			return;
		}
		const room = Math.floor(width / advance);
		if (name.length > room) {
			if (room > 2)
				context.fillText(`${name.slice(0, room - 1)}…`,
						 x, y);
			return;
		}
		context.fillText(name, x, y);
		const place = baseName(placeOf(this.profile, fn, 0));
		if (!place || name.length + 2 + place.length > room)
			return;
		context.globalAlpha = 0.6;
		context.fillText(place, x + (name.length + 2) * advance, y);
		context.globalAlpha = 1;
	}

	// Names with characters of any width are measured.
	cutWide(name, width) {
		const characters = [...name];
		let keep = characters.length;

		if (this.context.measureText(name).width <= width)
			return name;
		while (keep > 1) {
			keep = Math.min(keep - 1, Math.floor(keep * 0.9));
			const text = `${characters.slice(0, keep).join("")}…`;

			if (this.context.measureText(text).width <= width)
				return text;
		}
		return "";
	}

	drawOutline(node, thickness) {
		const { left, right, top } = this.boxOf(node);
		const inset = thickness / 2;
		const x = Math.max(left, -4);
		const width = Math.max(Math.min(right, this.width + 4) - x - 1, 2);

		if (node === 0 && thickness > 1)
			return;
		this.context.strokeStyle = this.palette.outline;
		this.context.lineWidth = thickness;
		this.context.strokeRect(x + inset, top + inset,
					Math.max(width - thickness, 1),
					ROW - 1 - thickness);
	}
}
