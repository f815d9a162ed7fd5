// The thread: quoting, reacting, trying again, reading, and saying that something new is below.
const workspace = () => document.querySelector("#workspace");
const thread = () => document.querySelector(".talk .thread");

async function post(url, values = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "HX-Request": "true" },
    body: new URLSearchParams(values),
  });
  const text = await answer.text();
  const failed = !answer.ok;
  const target = failed ? document.querySelector("#notice") : document.body;
  if (text) await htmx.swap({ text, target, swap: failed ? "innerHTML" : "none", sourceElement: target });
}

let reactingTo = null;
const acts = {
  quote(button) {
    const message = button.closest("[data-message]");
    const bar = document.querySelector("#composer .quoting");
    if (!bar) return;
    document.dispatchEvent(new CustomEvent("composer:mode", { detail: "reply" }));
    bar.hidden = false;
    bar.querySelector(".quote").textContent = button.dataset.text;
    bar.querySelector("input").value = message.dataset.message;
  },
  unquote(button) {
    const bar = button.closest(".quoting");
    bar.hidden = true;
    bar.querySelector("input").value = "";
  },
  react(button) {
    const menu = document.querySelector("#reactions");
    reactingTo = button.closest("[data-message]").dataset.message;
    menu.showPopover();
    const place = button.getBoundingClientRect();
    menu.style.top = `${Math.max(8, place.top - menu.offsetHeight - 6)}px`;
    menu.style.left = `${Math.min(Math.max(8, place.left - menu.offsetWidth / 2), innerWidth - menu.offsetWidth - 8)}px`;
    menu.querySelector("button").focus();
  },
  "close-form"(button) {
    if (button.closest("#adding")) button.closest("form").remove();
    else location.href = document.querySelector(".crumbs a")?.href ?? "/contacts";
  },
  "close-notice": (button) => button.closest(".notice").remove(),
  "remove-upload"(button) {
    fetch(button.dataset.url, { method: "DELETE" }).catch(() => {});
    button.closest(".upload").remove();
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act]?.(button);
  const emoji = event.target.closest("[data-emoji]");
  if (emoji) {
    document.querySelector("#reactions").hidePopover();
    void post(`/messages/${reactingTo}/reaction`, { emoji: emoji.dataset.emoji });
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    void navigator.clipboard.writeText(copy.dataset.copy).then(() => {
      copy.textContent = copy.dataset.copied;
    });
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-quiet]");
  if (!form) return;
  event.preventDefault();
  void post(form.getAttribute("action"));
});

// An undo that nobody took leaves by itself; what failed stays until it is closed.
document.addEventListener("htmx:after:swap", () => {
  const undo = document.querySelector("#notice .undo:not([data-leaving])");
  if (!undo) return;
  undo.dataset.leaving = "1";
  setTimeout(() => undo.remove(), 12000);
});

// Seen is seen: once the page is in front, what was unread is read.
let reading = false;
async function markRead() {
  const region = workspace();
  if (!region?.dataset.conversation || Number(region.dataset.unread) === 0 || document.hidden || reading)
    return;
  reading = true;
  try {
    const answer = await fetch(`/conversations/${region.dataset.conversation}/read`, { method: "POST" });
    if (answer.ok) region.dataset.unread = "0";
  } catch {
    // Offline: the next look marks it.
  }
  reading = false;
}
document.addEventListener("visibilitychange", markRead);
document.addEventListener("htmx:after:swap", markRead);
void markRead();

// Something new while reading further up: say so, and do not move.
let known = new Set();
function remember() {
  known = new Set([...document.querySelectorAll(".talk .msg")].map(({ id }) => id));
}
remember();
document.addEventListener("htmx:after:swap", () => {
  const region = workspace();
  const fresh = [...document.querySelectorAll(".talk .msg")].filter(({ id }) => !known.has(id));
  const isNewPage = fresh.length === document.querySelectorAll(".talk .msg").length;
  remember();
  if (isNewPage || fresh.length === 0) return;
  const inbound = fresh.filter(
    (message) => message.classList.contains("in") && !message.nextElementSibling?.classList.contains("in"),
  );
  for (const message of fresh) message.classList.add("arrived");
  if (fresh.some((message) => message.classList.contains("in")) && region) {
    region.dataset.unread = "1";
    void markRead();
    if (document.querySelector("#composer")?.dataset.state === "closed")
      htmx.trigger(document.body, "conversation:changed");
  }
  const chip = document.querySelector(".new-below");
  if (chip && thread()?.scrollTop < -240 && inbound.length > 0) chip.hidden = false;
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".new-below")) return;
  thread().scrollTop = 0;
});
document.addEventListener(
  "scroll",
  (event) => {
    const chip = document.querySelector(".new-below");
    if (chip && event.target === thread() && event.target.scrollTop > -80) chip.hidden = true;
  },
  true,
);

// An answer to a form shows a message as it was when it was stored. While the stream is open, what the stream has
// brought of it since is newer: a tick must not be taken back by an answer that was slower.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail ?? {};
  if (ctx?.sourceElement?.id === "live" || !document.querySelector("#offline")?.hidden) return;
  for (const { swapSpec, fragment } of tasks ?? []) {
    if (swapSpec?.style !== "upsert") continue;
    for (const message of fragment.querySelectorAll("[data-message]"))
      if (document.getElementById(message.id)) message.remove();
  }
});
