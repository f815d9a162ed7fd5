// Everything by key. A letter in a text is a letter; Escape leaves the text.
const writes = (element) => element.closest?.("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("a.row")];

function move(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const current = at >= 0 ? at : all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[Math.min(Math.max(current + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function openMenu(id) {
  const menu = document.getElementById(id);
  if (!menu) return;
  menu.open = true;
  // A menu that asks for something begins with what it asks.
  (
    menu.querySelector("form > .menu-field:first-child :is(select, input, textarea)") ??
    menu.querySelector("form button")
  )?.focus();
}

const mode = (name) => document.dispatchEvent(new CustomEvent("composer:mode", { detail: name }));
const keys = {
  j: () => move(1),
  k: () => move(-1),
  r: () => mode("reply"),
  n: () => mode("note"),
  e: () =>
    document.getElementById("resolve-menu")
      ? openMenu("resolve-menu")
      : document.querySelector("form[data-resolve]")?.requestSubmit(),
  a: () => openMenu("assign-menu"),
  z: () => openMenu("snooze-menu"),
  c: () => openMenu("case-menu"),
  p: () => openMenu("classify-menu"),
  "/": () => {
    const field = document.querySelector("#list-search") ?? document.querySelector("input[type=search]");
    if (field) field.focus();
    else location.href = "/search";
  },
  "?": () => document.querySelector("#help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = event.target.closest?.("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (event.target.closest?.("[data-cancel]"))
      event.target.closest("[data-cancel]").querySelector("a").click();
    else if (event.target.closest?.("#adding #entry-form")) {
      event.target.closest("#entry-form").remove();
      document.querySelector(".adding-line a")?.focus();
    } else if (writes(event.target)) event.target.blur();
    return;
  }
  if (
    writes(event.target) ||
    event.metaKey ||
    event.ctrlKey ||
    event.altKey ||
    document.querySelector("dialog[open]")
  )
    return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// One menu at a time, closed by clicking elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});

// A live change leaves open menus open; the menu's own form closes it, and the keyboard goes on from there.
document.addEventListener("submit", (event) => {
  const menu = event.target.closest?.("details.menu");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A one-line form whose answer is elsewhere on the page begins anew; one that was refused keeps its words.
document.addEventListener("htmx:after:swap", (event) => {
  const form = event.detail?.ctx?.sourceElement;
  if (form?.matches?.("form[data-reset]") && event.detail.ctx.response?.raw?.ok) form.reset();
});

// "See case" stays here while the case stands beside the thread; on a narrow screen the link goes to the customer.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-case]");
  const shown = link && document.getElementById(link.dataset.case);
  if (!shown?.checkVisibility()) return;
  event.preventDefault();
  const more = shown.querySelector("details");
  if (more) more.open = true;
  shown.scrollIntoView({ block: "nearest" });
  shown.querySelector("input:not([type=hidden])")?.focus();
});

// What was pressed is replaced by its answer: the keyboard goes on from there.
document.addEventListener("htmx:after:swap", (event) => {
  const pressed = event.detail?.ctx?.sourceElement;
  if (pressed?.matches?.(".chip")) document.querySelector(".chip[aria-current]")?.focus();
  const field = pressed?.matches?.(".field *") && document.getElementById(pressed.closest(".field").id);
  if (field && !field.querySelector("form")) field.querySelector(".field-edit")?.focus();
});
