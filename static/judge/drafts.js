// What stands in the editor is kept in this browser, per problem and language, until it is handed in.

const PREFIX = "chowk:draft:";

export class Drafts {
  constructor(problem, storage = globalThis.localStorage) {
    this.problem = problem;
    this.storage = storage;
  }

  key(language) {
    return `${PREFIX}${this.problem}:${language}`;
  }

  load(language) {
    try {
      return this.storage.getItem(this.key(language));
    } catch {
      return null; // storage may be forbidden
    }
  }

  save(language, text) {
    try {
      if (text) this.storage.setItem(this.key(language), text);
      else this.storage.removeItem(this.key(language));
    } catch {
      // Full or forbidden: the text is on the page all the same.
    }
  }
}
