// A button that names another address than its form: as browsers do, so does htmx.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const action = request.submitter?.getAttribute?.("formaction");
  if (action) request.action = action;
});

// A list that acts when something is chosen begins anew.
document.addEventListener("htmx:after:swap", (event) => {
  const chosen = event.detail?.ctx?.sourceElement;
  if (chosen?.matches?.("select[data-act]")) chosen.value = "";
});
