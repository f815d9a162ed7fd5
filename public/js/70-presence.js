// At the keyboard: said at most once a minute, so that nobody is taken for absent who only reads and writes.
let told = 0;
function here() {
  if (Date.now() - told < 60000) return;
  told = Date.now();
  fetch("/presence", { method: "POST" }).catch(() => {});
}
for (const sign of ["pointerdown", "keydown", "wheel"])
  document.addEventListener(sign, here, { passive: true, capture: true });

// More notices than a moment ago: a sound and the browser's own notice, for who asked for them.
const soundWanted = () => localStorage.getItem("hilo-sound") === "1";
let notices = Number(document.querySelector("#nav-mentions")?.dataset.notices ?? 0);

function beep() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
  tone.onended = () => audio.close();
}

document.addEventListener("htmx:after:swap", () => {
  const badge = document.querySelector("#nav-mentions");
  const now = Number(badge?.dataset.notices ?? 0);
  if (now > notices && soundWanted()) {
    beep();
    if (globalThis.Notification?.permission === "granted") {
      const notice = new Notification("Hilo", {
        body: badge.querySelector(".badge")?.getAttribute("aria-label") ?? "",
        tag: "hilo",
      });
      notice.onclick = () => {
        window.focus();
        location.href = "/mentions";
      };
    }
  }
  notices = now;
});

// The browser keeps a script of ours that shows alerts while no page is open.
const policy = globalThis.trustedTypes?.createPolicy("hilo", {
  createScriptURL: (path) => (path === "/push-worker.js" ? path : ""),
});
const workerPath = policy?.createScriptURL("/push-worker.js") ?? "/push-worker.js";

const asBytes = (key) =>
  Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

async function bePushed(wanted) {
  if (!("serviceWorker" in navigator && "PushManager" in globalThis)) return;
  const registration = await navigator.serviceWorker.register(workerPath);
  const send = (path, body) =>
    fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const known = await registration.pushManager.getSubscription();
  if (!wanted) {
    if (known) {
      await send("/push/subscriptions/removal", { endpoint: known.endpoint });
      await known.unsubscribe();
    }
    return;
  }
  if ((await Notification.requestPermission()) !== "granted") return;
  const { key } = await (await fetch("/push/key")).json();
  const options = { userVisibleOnly: true, applicationServerKey: asBytes(key) };
  const subscription = known ?? (await registration.pushManager.subscribe(options));
  await send("/push/subscriptions", subscription.toJSON());
}

for (const button of document.querySelectorAll("[data-sound]")) {
  const show = () => button.setAttribute("aria-pressed", String(soundWanted()));
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    localStorage.setItem("hilo-sound", soundWanted() ? "0" : "1");
    show();
    if (soundWanted()) beep();
    // Without a push service (some browsers have none) the sound of open pages is all there is.
    bePushed(soundWanted()).catch(() => {});
  });
}
