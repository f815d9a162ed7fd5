// Being offline is said, once, and taken back.
const bar = document.querySelector("#offline");
const show = (offline) => {
  if (bar) bar.hidden = !offline;
};

window.addEventListener("offline", () => show(true));
window.addEventListener("online", () => show(false));
document.addEventListener("htmx:sse:error", () => show(true));
document.addEventListener("htmx:sse:after:connection", () => show(false));
document.addEventListener("htmx:error", (event) => {
  const status = event.detail?.ctx?.response?.status;
  if (status === undefined) show(true);
});
// The session ended while the page was open: the stream is refused and the page asks to sign in again.
document.addEventListener("htmx:sse:error", (event) => {
  if (event.detail?.status === 401) location.href = "/login?ended=1";
});

// The customer was merged with another card, or taken apart: the page begins anew. Leaving it keeps the draft.
document.addEventListener("page:reload", () => location.reload());
