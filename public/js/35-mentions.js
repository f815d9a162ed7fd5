// Calling a colleague in a note: after @ the names that begin so, by arrows and Enter or by thumb.
const plainName = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
let calling = null;

function closeCalling() {
  calling?.list.remove();
  calling = null;
}

function choose(name) {
  const { field, from } = calling;
  const end = field.selectionStart;
  field.setRangeText(`@${name} `, from, end, "end");
  closeCalling();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-mentions]")) return;
  const before = field.value.slice(0, field.selectionStart);
  const [whole, , part] = /(^|\s)@([\p{L}\p{M}]*(?: [\p{L}\p{M}]*)?)$/u.exec(before) ?? [];
  closeCalling();
  if (whole === undefined) return;
  const people = [
    ...new Set([...document.querySelectorAll("[data-person]")].map(({ dataset }) => dataset.person)),
  ];
  const found = people.filter((name) => plainName(name).startsWith(plainName(part))).slice(0, 6);
  if (found.length === 0) return;
  const list = document.createElement("ul");
  list.className = "calling";
  list.id = "calling";
  list.setAttribute("role", "listbox");
  for (const name of found) {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.textContent = name;
    item.addEventListener("mousedown", (press) => {
      press.preventDefault();
      choose(name);
    });
    list.append(item);
  }
  field.after(list);
  calling = { field, from: field.selectionStart - part.length - 1, list, at: -1 };
  mark(0);
});

function mark(at) {
  const items = [...calling.list.children];
  calling.at = (at + items.length) % items.length;
  items.forEach((item, n) => {
    item.setAttribute("aria-selected", String(n === calling.at));
  });
}

document.addEventListener(
  "keydown",
  (event) => {
    if (!calling || event.target !== calling.field) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      mark(calling.at + (event.key === "ArrowDown" ? 1 : -1));
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab")
      choose(calling.list.children[calling.at].textContent);
    else if (event.key === "Escape") closeCalling();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
document.addEventListener("focusout", (event) => {
  if (event.target === calling?.field) closeCalling();
});
