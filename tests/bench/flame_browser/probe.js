// SPDX-License-Identifier: Apache-2.0
// In each page: what the person would have noticed.
window.probe = {
	blocked: [], // lengths of tasks over 50 ms, in ms
	afterFrames(count) {
		return new Promise((done) => {
			const next = (now) => count-- > 0 ?
				requestAnimationFrame(next) : done(now);

			next(0);
		});
	},
	// Times between frames while @drive does something in each: between the
	// times that they are for, so that a frame that was left out counts, and
	// one that took longer, but was in time, does not.
	async frames(count, drive) {
		const times = [];
		let last = await this.afterFrames(2);

		for (let i = 0; i < count; i++) {
			drive(i);
			const now = await this.afterFrames(1);

			times.push(now - last);
			last = now;
		}
		return times;
	},
	forget() {
		this.blocked = [];
	},
};
new PerformanceObserver((list) => {
	for (const entry of list.getEntries())
		window.probe.blocked.push(entry.duration);
}).observe({ type: "longtask", buffered: true });
