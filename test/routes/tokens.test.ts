import { expect } from "chai";
import { changeRole, deactivateAgent } from "../../src/services/agents/agent.ts";
import { createApiToken, listApiTokens } from "../../src/services/agents/api-tokens.ts";
import { permissionGroups } from "../../src/services/agents/policy.ts";
import { listRoles } from "../../src/services/agents/queries.ts";
import { requireSecondFactor, saveRole } from "../../src/services/agents/save-role.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { contextOf } from "../support/cast.ts";
import { type Hilo, rejected, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

describe("API tokens", () => {
  let hilo: Hilo;
  before(async () => {
    hilo = await startHilo();
  });
  after(() => hilo.close());

  const call = (token: string, path: string, method = "GET", body?: object) =>
    fetch(`${hilo.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }).then(async (answer) => {
      await answer.body?.cancel();
      return answer.status;
    });
  const make = async (form: Record<string, string | string[]>) => {
    const diego = await hilo.as("diego");
    const page = await diego
      .post("/settings/tokens")
      .type("form")
      .send({ name: "tienda", agent: "diego@firm.test", days: "30", ...form });
    return { status: page.status, token: /hilo_[\w-]{30,}/.exec(page.text)?.[0] ?? "", text: page.text };
  };

  it("are shown once, used, listed without their secret, and revoked at once", async () => {
    const { token, status } = await make({ all: "1" });
    expect(status).to.equal(201);
    expect(await call(token, "/contacts")).to.equal(200);
    const diego = await hilo.as("diego");
    const list = await diego.get("/settings/tokens").expect(200);
    expect(list.text).to.not.contain(token).and.not.contain(token.slice(5));
    const [one] = await listApiTokens(hilo.cast.diego);
    expect(one?.lastUsedAt).to.be.instanceOf(Date);
    await diego.post(`/settings/tokens/${one?.id}/revocation`).expect(303);
    expect(await call(token, "/contacts")).to.equal(401);
    await diego.post(`/settings/tokens/${one?.id}/revocation`).expect(404);
  });

  it("do only what is ticked, and only read where only reading was given", async () => {
    const { contactId } = await write(hilo.cast);
    const narrow = await make({ permission: ["conversations.see_all"] });
    expect(await call(narrow.token, `/contacts/${contactId}`)).to.equal(200);
    expect(await call(narrow.token, `/contacts/${contactId}`, "PATCH", { name: "Otra" })).to.equal(403);
    expect(await call(narrow.token, "/audit-events")).to.equal(403);
    const reader = await make({ all: "1", read_only: "1" });
    expect(await call(reader.token, `/contacts/${contactId}`)).to.equal(200);
    expect(await call(reader.token, `/contacts/${contactId}`, "PATCH", { name: "Otra" })).to.equal(403);
    expect((await make({})).status).to.equal(422);
  });

  it("stop at their end, and with their agent", async () => {
    const { token } = await make({ all: "1", agent: "bruno@firm.test" });
    expect(await call(token, "/contacts")).to.equal(200);
    await hilo.cast.platform.db.raw(
      "update api_tokens set expires_at = now() where agent_id = ? and revoked_at is null",
      [hilo.cast.ids.bruno],
    );
    expect(await call(token, "/contacts")).to.equal(401);
    const other = await make({ all: "1", agent: "bruno@firm.test" });
    await deactivateAgent(hilo.cast.diego, hilo.cast.ids.bruno);
    expect(await call(other.token, "/contacts")).to.equal(401);
  });

  it("as somebody else stay within what that person might when they were made, and what their maker may now", async () => {
    const { cast } = hilo;
    await saveRole(cast.diego, null, {
      name: "jefe",
      permissions: [
        ...permissionGroups.visibility,
        ...permissionGroups.conversations,
        "tokens.manage",
        "audit.see",
        "contacts.phones",
      ],
    });
    await changeRole(cast.diego, cast.ids.carmen, "jefe");
    await saveRole(cast.diego, null, { name: "base", permissions: ["conversations.see_all"] });
    await changeRole(cast.diego, cast.ids.ana, "base");
    const carmen = await contextOf(cast.system, cast.ids.carmen);
    const token = await createApiToken(carmen, { name: "x", email: "ana@firm.test" });
    await changeRole(cast.diego, cast.ids.ana, "admin");
    expect(await call(token, "/contacts")).to.equal(200);
    expect(await call(token, "/audit-events"), "not what they got later").to.equal(403);
    const own = await createApiToken(cast.diego, {
      name: "y",
      email: "carmen@firm.test",
      scopes: ["audit.see"],
    });
    expect(await call(own, "/audit-events")).to.equal(200);
    await changeRole(cast.diego, cast.ids.carmen, "base");
    expect(await call(own, "/audit-events")).to.equal(403);
    // Who sees little does not see more through a colleague's eyes.
    await saveRole(cast.diego, null, {
      name: "corto",
      permissions: ["conversations.see_own", "tokens.manage"],
    });
    await changeRole(cast.diego, cast.ids.carmen, "corto");
    await changeRole(cast.diego, cast.ids.ana, "base");
    const short = await contextOf(cast.system, cast.ids.carmen);
    const wanted = { name: "z", email: "ana@firm.test", scopes: ["conversations.see_own"] as const };
    expect(await rejected(createApiToken(short, wanted))).to.be.instanceOf(Invalid);
    const role = (await listRoles(cast.diego)).find(({ name }) => name === "base");
    await requireSecondFactor(cast.diego, role?.id ?? 0, true);
    expect(await call(token, "/contacts"), "without the second factor that their role asks for").to.equal(
      403,
    );
  });

  it("are not made for somebody who holds more than who makes them", async () => {
    await saveRole(hilo.cast.diego, null, {
      name: "integrador",
      permissions: ["conversations.see_all", "tokens.manage"],
    });
    await changeRole(hilo.cast.diego, hilo.cast.ids.carmen, "integrador");
    const carmen = await contextOf(hilo.cast.system, hilo.cast.ids.carmen);
    const token = { name: "x", email: "diego@firm.test" };
    expect(await rejected(createApiToken(carmen, token))).to.be.instanceOf(Invalid);
    expect(await createApiToken(carmen, { ...token, scopes: ["conversations.see_own"] })).to.match(/^hilo_/);
  });
});
