// The list: opening a conversation beside it, keeping its mark through refreshes, the next one after resolving.
const shownConversation = () => document.querySelector("#workspace")?.dataset.conversation ?? null;

function markCurrent() {
  const id = shownConversation();
  for (const row of document.querySelectorAll("a.row")) {
    if (row.dataset.row === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

async function open(href) {
  await htmx.ajax("GET", href, { source: "#list", target: "#workspace", swap: "outerHTML" });
  history.pushState({}, "", href);
  const name = document.querySelector("#workspace h1")?.textContent;
  if (name) document.title = `${name} · Hilo`;
  markCurrent();
  document.querySelector("#workspace h1")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("a.row");
  if (
    !row ||
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey
  )
    return;
  event.preventDefault();
  void open(row.getAttribute("href"));
});

window.addEventListener("popstate", () => location.reload());

// Whatever refreshed the list, the open conversation stays marked.
document.addEventListener("htmx:after:swap", markCurrent);

document.addEventListener("htmx:after:request", (event) => {
  const form = event.detail?.ctx?.sourceElement;
  if (!form?.matches?.("form[data-resolve]") || !event.detail.ctx.response?.raw?.ok) return;
  const rows = [...document.querySelectorAll("a.row")];
  const at = rows.findIndex((row) => row.dataset.row === shownConversation());
  const next = rows[at + 1] ?? rows[at - 1];
  void open(next?.getAttribute("href") ?? "/inbox");
});
