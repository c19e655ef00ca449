import { follow } from "./report.js";

const box = document.getElementById("report");
follow(box, () => document.getElementById("cancel")?.remove());
