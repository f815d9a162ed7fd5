// Times that pass while the page is open: ages in the list, waiting clocks, the service window.
const spanish = document.documentElement.lang === "es";

function age(since) {
  const minutes = Math.floor((Date.now() - since) / 60000);
  if (minutes < 1) return spanish ? "ahora" : "now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 1440 ? `${Math.floor(minutes / 60)} h` : null;
}

function left(until) {
  const minutes = Math.max(0, Math.ceil((until - Date.now()) / 60000));
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h` : `${minutes} min`;
}

function setText(element, text) {
  if (text !== null && element.textContent !== text) element.textContent = text;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const at = Date.parse(time.dateTime);
    const sameDay = new Date(at).toDateString() === new Date().toDateString();
    if (sameDay) setText(time, age(at));
  }
  for (const shown of document.querySelectorAll("[data-age-of]"))
    setText(shown, age(Date.parse(shown.dataset.ageOf)));
  for (const shown of document.querySelectorAll("[data-until]")) {
    const until = Date.parse(shown.dataset.until);
    setText(shown.querySelector("[data-left]"), left(until));
    shown.classList.toggle("short", until - Date.now() < 7200000);
    if (until <= Date.now() && !shown.dataset.over) {
      shown.dataset.over = "1";
      htmx.trigger(document.body, "conversation:changed");
    }
  }
}

setInterval(tick, 15000);

// Promises: minutes and seconds in the last hour, then how late. Nothing is asked of the server.
function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds >= 3600) {
    const hours = Math.floor(seconds / 3600);
    return hours >= 48 ? `${Math.floor(hours / 24)} d` : `${hours} h`;
  }
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function lateness(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return spanish ? "vencida" : "late";
  const age =
    minutes < 60
      ? `${minutes} min`
      : minutes < 1440
        ? `${Math.floor(minutes / 60)} h`
        : `${Math.floor(minutes / 1440)} d`;
  return spanish ? `vencida ${age}` : `${age} late`;
}

function tickClocks() {
  const now = Date.now();
  for (const clock of document.querySelectorAll("[data-due]")) {
    const due = Date.parse(clock.dataset.due);
    const isLate = due <= now;
    clock.classList.toggle("late", isLate);
    clock.classList.toggle("warn", !isLate && Date.parse(clock.dataset.warn) <= now);
    setText(clock.querySelector("[data-left]"), isLate ? lateness(now - due) : countdown(due - now));
  }
}

setInterval(tickClocks, 1000);
document.addEventListener("DOMContentLoaded", tickClocks);
document.addEventListener("htmx:after:swap", tickClocks);

// The exact time, written when somebody asks for it by pointing.
const exact = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "full",
  timeStyle: "short",
});
document.addEventListener("pointerover", (event) => {
  const time = event.target.closest?.("time[data-age]");
  if (time && !time.title) time.title = exact.format(Date.parse(time.dateTime));
});
