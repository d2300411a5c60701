// Long lists of the room's forms that are searched by typing: <select data-pick>. Words come from this script's own element.

import { pick } from "../response/picker.js";

const said = document.querySelector('script[src*="coordination/"][data-search]')?.dataset ?? {};
const initials = JSON.parse(document.getElementById("letters")?.textContent || "{}");
for (const select of document.querySelectorAll("select[data-pick]")) pick(select, { words: said, initials });
