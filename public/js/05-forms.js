// A button that names another address than its form: as browsers do, so does htmx.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const action = request.submitter?.getAttribute?.("formaction");
  if (action) request.action = action;
});
