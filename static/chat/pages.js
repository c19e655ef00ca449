// The pages of a room's history around what is shown: loaded as one scrolls, both ways.

export class Pages {
  constructor({ timeline, scroller, url, more, newest }) {
    Object.assign(this, { timeline, scroller, url, more });
    this.loading = { older: null, newer: null };
    this.newestNumber = newest;
  }

  /** Whether the newest message is shown, so that what arrives follows it. */
  get isAtNewest() {
    return !this.more.newer;
  }

  heardOf(number) {
    this.newestNumber = Math.max(this.newestNumber, number);
  }

  load(side) {
    if (!this.more[side] || this.loading[side]) return this.loading[side];
    this.loading[side] = this.loadPage(side).finally(() => (this.loading[side] = null));
    return this.loading[side];
  }

  async loadPage(side) {
    const query = side === "older" ? `?before=${this.timeline.first}` : `?after=${this.timeline.last}`;
    let page;
    try {
      page = await this.fetch(query);
    } catch {
      return; // The next scroll asks again.
    }
    const insert = () => page.messages.forEach((message) => this.timeline.insert(message));
    if (side === "older") {
      this.scroller.keeping(insert);
      this.more.older = page.has_older;
    } else {
      insert();
      // What was posted while the page was on its way is fetched by another one.
      this.more.newer = page.has_newer || this.timeline.last < this.newestNumber;
    }
    document.getElementById(side).hidden = !this.more[side];
  }

  /** Show the newest page instead of what is shown. */
  async toNewest() {
    const page = await this.fetch("");
    this.timeline.clear();
    this.more.older = page.has_older;
    this.more.newer = false;
    for (const message of page.messages) this.timeline.insert(message);
    this.heardOf(this.timeline.last);
    for (const side of ["older", "newer"]) document.getElementById(side).hidden = !this.more[side];
    this.scroller.toEnd();
  }

  async fetch(query) {
    const response = await fetch(this.url + query, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`history answered ${response.status}`);
    return response.json();
  }
}
