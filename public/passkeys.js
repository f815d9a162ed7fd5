// Passkeys: made on the page of the second factor, used at the door. The server sends and takes JSON; the browser does the rest.
const send = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "X-Form-Token": document.querySelector("meta[name=form-token]")?.content ?? "",
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

const acts = {
  async add(button) {
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(
      await send("/settings/passkeys/options", {}),
    );
    const made = await navigator.credentials.create({ publicKey: options });
    const name = button.closest("form").querySelector("[name=name]").value;
    return send("/settings/passkeys", { name, response: made.toJSON() });
  },
  async use() {
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(await send("/login/passkey/options", {}));
    const given = await navigator.credentials.get({ publicKey: options });
    return send("/login/passkey", {
      next: document.querySelector("[name=next]")?.value ?? "",
      response: given.toJSON(),
    });
  },
};

const canUse = "parseCreationOptionsFromJSON" in (globalThis.PublicKeyCredential ?? {});
for (const place of document.querySelectorAll("[data-passkey]")) {
  place.hidden = !canUse;
  const button = place.querySelector("button");
  const said = place.querySelector("[role=alert]");
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    said.textContent = "";
    button.disabled = true;
    try {
      const { next } = await acts[place.dataset.passkey](button);
      location.assign(next);
    } catch (error) {
      // Whoever closes the browser's own window has changed their mind.
      if (error.name !== "NotAllowedError") said.textContent = place.dataset.refused;
      button.disabled = false;
    }
  });
}
