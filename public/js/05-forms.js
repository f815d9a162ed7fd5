// What a page sends, by htmx or by a script of ours, carries the token of its session; forms hold it themselves.
const token = document.querySelector("meta[name=form-token]")?.content ?? "";
const send = globalThis.fetch.bind(globalThis);
globalThis.fetch = (url, options = {}) => {
  const headers = new Headers(options.headers);
  headers.set("X-Form-Token", token);
  return send(url, { ...options, headers });
};

// A button that names another address than its form: as browsers do, so does htmx.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const action = request.submitter?.getAttribute?.("formaction");
  if (action) request.action = action;
});

// A long form that came back: the keyboard and the eye begin at its first fault.
document.addEventListener("DOMContentLoaded", () => {
  const fault = document.querySelector("main .field-error");
  const field = fault?.closest("label, tr, fieldset")?.querySelector("input, select, textarea");
  (field ?? fault)?.scrollIntoView({ block: "center" });
  field?.focus({ preventScroll: true });
});

// Whoever has no scripts prints by the browser's own menu.
for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// A menu near the lower edge comes into view whole.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.open && target.matches(".report-csv"))
      target.querySelector(".menu-body").scrollIntoView({ block: "nearest" });
  },
  true,
);

// On a phone the tab of the page may lie beyond the edge. Moved by hand: scrolling to an element would also begin the next Tab there.
const tabs = document.querySelector(".report-tabs");
const current = tabs?.querySelector("[aria-current]");
if (current)
  tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.clientWidth) / 2;
