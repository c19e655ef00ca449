// Who is here and who is typing, as it is said in the room.

import { hueOf, initialsOf } from "./looks.js";

/** "ravi is typing…", "ravi and meera are typing…", "ravi, meera and 2 others are typing…". */
export function typingText(names) {
  if (!names.length) return "";
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
  const others = names.length - 2;
  return `${names[0]}, ${names[1]} and ${others} other${others === 1 ? "" : "s"} are typing…`;
}

/** Who is typing: each counts for as long as the server says, or until their message comes. */
export class Typing {
  constructor({ onChange, now = () => Date.now(), later = (run, ms) => setTimeout(run, ms) }) {
    Object.assign(this, { onChange, now, later });
    this.until = new Map();
  }

  heard({ user, seconds }) {
    this.until.set(user, this.now() + seconds * 1000);
    this.changed();
    this.later(() => this.changed(), seconds * 1000 + 50);
  }

  wrote(user) {
    if (this.until.delete(user)) this.changed();
  }

  changed() {
    for (const [user, until] of this.until) if (until <= this.now()) this.until.delete(user);
    this.onChange(typingText([...this.until.keys()]));
  }
}

/** Who is here now: their number in the head, their names in its sheet. */
export function showOnline(count, people) {
  const menu = document.getElementById("online");
  menu.hidden = count === 0;
  menu.querySelector(".num").textContent = `${count} here`;
  document.getElementById("online-people").replaceChildren(
    ...people.map(({ user }) => {
      const item = document.createElement("li");
      const disc = document.createElement("span");
      disc.className = "avatar avatar--small";
      disc.setAttribute("aria-hidden", "true");
      disc.dataset.hue = hueOf(user);
      disc.textContent = initialsOf(user);
      item.append(disc, " ", user);
      return item;
    }),
  );
}
