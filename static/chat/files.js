// Attached files: how they stand under a message, and how they get there.

const SHOWN_BOX = [320, 240];

/** 1536 → "1.5 KiB". */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB"];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size >= 10 ? Math.round(size) : Math.round(size * 10) / 10} ${units[unit]}`;
}

/** A picture's size in the page, as the server reckons it (chat/models/attachments.py): its place is kept before it arrives. */
export function shownSize({ width, height }) {
  const part = Math.min(1, SHOWN_BOX[0] / width, SHOWN_BOX[1] / height);
  return [width, height].map((side) => Math.max(1, Math.round(side * part)));
}

export function fileElement(file) {
  const link = document.createElement("a");
  link.href = file.url;
  link.className = "file";
  if (file.thumbnail) {
    link.classList.add("file--picture");
    link.target = "_blank";
    link.rel = "noopener";
    const image = document.createElement("img");
    const [width, height] = shownSize(file);
    Object.assign(image, { src: file.thumbnail, alt: file.name, width, height, loading: "lazy" });
    link.append(image);
    return link;
  }
  link.download = "";
  const [name, size] = [document.createElement("span"), document.createElement("span")];
  name.className = "truncate";
  name.textContent = file.name;
  size.className = "faint nowrap";
  size.textContent = sizeText(file.bytes);
  link.append(name, " ", size);
  return link;
}

/** Why a file is not even sent up, or "": `taken` are attached already, and a limit of 0 is none. */
export function refusalOf({ size }, taken, { maxFiles, maxBytes }) {
  if (maxFiles && taken >= maxFiles) return `A message carries at most ${maxFiles} files.`;
  if (maxBytes && size > maxBytes) return `A file has at most ${sizeText(maxBytes)}.`;
  return "";
}

/** Sends one file up; `onProgress` is told 0 to 1. Resolves to the server's word on it, rejects with its refusal. */
export function upload(url, file, csrf, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrf);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 201) resolve(request.response);
      else reject(new Error(request.response?.message ?? "The file could not be sent up."));
    };
    request.onerror = () => reject(new Error("The connection was lost. Attach the file again."));
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
}

/** The files above the composer that wait to be sent with the next message. */
export class Attachments {
  constructor({ list, input, dropZone, url, csrf, onRefused = () => {} }) {
    Object.assign(this, { list, url, csrf, onRefused });
    this.entries = [];
    this.limits = { maxFiles: Number(input?.dataset.maxFiles ?? 0), maxBytes: Number(input?.dataset.maxBytes ?? 0) };
    input?.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    if (!input) return;
    dropZone.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
    dropZone.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
    dropZone.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.add(event.clipboardData.files);
    });
  }

  get isBusy() {
    return this.entries.some((entry) => entry.state === "going");
  }

  /** What went up, taken off the composer. */
  take() {
    const files = this.entries.filter((entry) => entry.state === "there").map((entry) => entry.file);
    this.entries = this.entries.filter((entry) => entry.state === "going");
    this.show();
    return files;
  }

  /** Files that went up before, of a message that was not sent. */
  giveBack(files) {
    this.entries.push(...files.map((file) => ({ name: file.name, part: 1, state: "there", error: "", file })));
    this.show();
  }

  add(files) {
    for (const file of files) this.start(file);
    this.show();
  }

  async start(source) {
    const entry = { name: source.name, part: 0, state: "going", error: "" };
    const taken = this.entries.filter(({ state }) => state !== "failed").length;
    this.entries.push(entry);
    try {
      const refusal = refusalOf(source, taken, this.limits);
      if (refusal) throw new Error(refusal);
      entry.file = await upload(this.url, source, this.csrf, (part) => {
        entry.part = part;
        this.show();
      });
      entry.state = "there";
    } catch (error) {
      entry.state = "failed";
      entry.error = error.message;
      this.onRefused(entry.name, entry.error);
    }
    this.show();
  }

  show() {
    this.list.hidden = this.entries.length === 0;
    this.list.replaceChildren(...this.entries.map((entry) => this.element(entry)));
  }

  /** A picture that is there is shown small, and so is at hand for the message, also when the connection goes. */
  picture({ file }) {
    if (!file?.thumbnail) return [];
    const image = document.createElement("img");
    Object.assign(image, { className: "upload__picture", src: file.thumbnail, alt: "" });
    return [image];
  }

  element(entry) {
    const item = document.createElement("li");
    item.className = `upload upload--${entry.state}`;
    const name = document.createElement("span");
    name.className = "upload__name truncate";
    name.textContent = entry.error ? `${entry.name}: ${entry.error}` : entry.name;
    item.append(...this.picture(entry), name);
    if (entry.state === "going") {
      const bar = document.createElement("progress");
      bar.max = 1;
      bar.value = entry.part;
      bar.setAttribute("aria-label", `Sending ${entry.name}`);
      item.append(bar);
    } else {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link-button";
      button.textContent = "Remove";
      button.addEventListener("click", () => {
        this.entries = this.entries.filter((other) => other !== entry);
        this.show();
      });
      item.append(button);
    }
    return item;
  }
}
