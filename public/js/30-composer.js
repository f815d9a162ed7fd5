// The composer: modes, drafts that survive anything, sending by key, files by button, drop and paste.
const composer = () => document.querySelector("#composer");
const headers = { "content-type": "application/json" };

function setMode(mode) {
  const region = composer();
  if (!region) return;
  region.dataset.mode = mode;
  for (const button of region.querySelectorAll("[data-mode-to]")) {
    button.setAttribute("aria-pressed", String(button.dataset.modeTo === mode));
  }
  for (const part of region.querySelectorAll(".mode")) part.hidden = !part.classList.contains(`mode-${mode}`);
  const text = region.querySelector(`.mode-${mode} textarea`);
  text?.focus();
  text?.setSelectionRange(text.value.length, text.value.length);
}
document.addEventListener("composer:mode", (event) => setMode(event.detail));

const unsaved = new Map();
let saving = null;

function draftOf(textarea) {
  const form = textarea.closest("[data-draft]");
  return form && { id: composer()?.dataset.conversation, kind: form.dataset.draft, form };
}

function showState(form, name) {
  const state = form.querySelector(".draft-state");
  if (state) state.textContent = name ? state.dataset[name] : "";
}

async function saveDrafts() {
  saving = null;
  for (const [key, { id, kind, form, text }] of [...unsaved]) {
    try {
      const answer = await fetch(`/conversations/${id}/draft`, {
        method: "PUT",
        headers,
        body: JSON.stringify({ kind, text }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      if (unsaved.get(key)?.text === text) unsaved.delete(key);
      showState(form, text.trim() === "" ? "" : "saved");
    } catch {
      showState(form, "unsaved");
      saving ??= setTimeout(saveDrafts, 4000);
    }
  }
}

let typedAt = 0;
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("#composer textarea")) return;
  const draft = draftOf(event.target);
  if (!draft) return;
  unsaved.set(`${draft.id}/${draft.kind}`, { ...draft, text: event.target.value });
  clearTimeout(saving);
  saving = setTimeout(saveDrafts, 600);
  if (draft.kind === "reply" && event.target.value.trim() !== "" && Date.now() - typedAt > 3000) {
    typedAt = Date.now();
    fetch(`/conversations/${draft.id}/typing`, { method: "POST" }).catch(() => {});
  }
});
window.addEventListener("online", saveDrafts);
window.addEventListener("pagehide", () => {
  for (const { id, kind, text } of unsaved.values()) {
    fetch(`/conversations/${id}/draft`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ kind, text }),
      keepalive: true,
    }).catch(() => {});
  }
});

document.addEventListener("keydown", (event) => {
  if (
    event.key !== "Enter" ||
    !(event.metaKey || event.ctrlKey) ||
    !event.target.matches("#composer textarea")
  )
    return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// What was sent is no draft any more.
function forgetDraft(form) {
  unsaved.delete(`${composer()?.dataset.conversation}/${form.dataset.draft}`);
  clearTimeout(saving);
  if (unsaved.size > 0) saving = setTimeout(saveDrafts, 600);
}
document.addEventListener("htmx:before:request", (event) => {
  const form = event.detail?.ctx?.sourceElement;
  if (form?.matches?.("#composer form[data-draft]")) forgetDraft(form);
});
// From an earlier page of the thread the answer leads to the newest one: without htmx.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!document.querySelector(".past-line") || !form.matches("#composer form[data-draft]")) return;
    // A file that is on its way holds the reply back, below.
    if (isUploading(form)) return;
    event.stopImmediatePropagation();
    forgetDraft(form);
  },
  true,
);

document.addEventListener("htmx:after:swap", (event) => {
  const form = event.detail?.ctx?.sourceElement;
  if (!form?.matches?.("form[data-draft]")) return;
  const thread = document.querySelector(".thread");
  if (thread) thread.scrollTop = 0;
  composer()?.querySelector(".mode:not([hidden]) textarea")?.focus();
});

// A composer that is replaced because writing became possible or impossible keeps what was being written.
let kept = [];
document.addEventListener("htmx:before:swap", (event) => {
  kept = [];
  if (!event.detail?.ctx?.sourceElement?.matches?.(".head")) return;
  kept = [...document.querySelectorAll("#composer textarea")].map(({ id, value }) => ({ id, value }));
});
document.addEventListener("htmx:after:swap", () => {
  for (const { id, value } of kept) {
    const text = document.getElementById(id);
    if (text && text.value === "" && value !== "") text.value = value;
  }
  kept = [];
});
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  const state = composer()?.dataset.state;
  if (state && ctx.sourceElement?.matches?.(".head")) ctx.request.headers["X-Composer"] = state;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mode-to]");
  if (button) setMode(button.dataset.modeTo);
});

// Files. A reply that is sent while one is still on its way waits for it; one that fails keeps the reply here.
function isUploading(form) {
  return Boolean(form?.querySelector(".upload[data-pending]"));
}
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("#composer form[data-draft=reply]") || !isUploading(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    form.dataset.held = "1";
    showState(form, "uploading");
  },
  true,
);
function sendHeld(form, arrived) {
  if (!form?.dataset.held) return;
  if (arrived && isUploading(form)) return;
  delete form.dataset.held;
  showState(form, "");
  if (!arrived) return;
  if (form.isConnected) form.requestSubmit();
  else void sendElsewhere(form);
}

// The agent went on to another conversation meanwhile: the reply goes all the same, and says so if it cannot.
async function sendElsewhere(form) {
  const notice = document.querySelector("#notice");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
    });
    if (answer.ok) return;
  } catch {
    // Offline: said below, and the draft is still there.
  }
  const link = document.createElement("a");
  link.href = form.action.replace(/\/messages$/, "");
  link.textContent = form.querySelector(".draft-state").dataset.heldLost;
  const line = document.createElement("div");
  line.className = "notice";
  line.append(link);
  notice.replaceChildren(line);
}

function upload(file) {
  const input = composer()?.querySelector("[data-upload]");
  const list = composer()?.querySelector(".uploads");
  if (!input || !list) return;
  const waiting = document.createElement("li");
  const name = document.createElement("b");
  const bar = document.createElement("progress");
  waiting.className = "upload";
  waiting.dataset.pending = "1";
  name.textContent = file.name;
  bar.max = 1;
  waiting.append(name, bar);
  list.append(waiting);
  const body = new FormData();
  body.append("file", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", input.dataset.upload);
  request.setRequestHeader("HX-Request", "true");
  const token = document.querySelector("meta[name=form-token]").content;
  request.setRequestHeader("X-Form-Token", token);
  request.upload.onprogress = ({ loaded, total }) => {
    bar.value = loaded / total;
  };
  request.onload = async () => {
    waiting.remove();
    const arrived = request.status === 201;
    const target = arrived ? list : document.querySelector("#notice");
    const swap = arrived ? "beforeend" : "innerHTML";
    await htmx.swap({ text: request.responseText, target, swap, sourceElement: target });
    sendHeld(list.closest("form"), arrived);
  };
  request.onerror = () => {
    bar.remove();
    delete waiting.dataset.pending;
    document.querySelector("#offline").hidden = false;
    name.textContent = `${file.name} ✕`;
    sendHeld(list.closest("form"), false);
  };
  request.send(body);
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-upload]")) return;
  for (const file of event.target.files) upload(file);
  event.target.value = "";
});
document.addEventListener("paste", (event) => {
  if (!event.target.matches?.("#reply-text") || !event.clipboardData?.files.length) return;
  event.preventDefault();
  for (const file of event.clipboardData.files) upload(file);
});
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  composer()?.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) composer()?.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  composer()?.classList.remove("dropping");
  setMode("reply");
  for (const file of event.dataTransfer.files) upload(file);
});
