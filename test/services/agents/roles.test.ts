import { expect } from "chai";
import { changeRole, createAgent, deactivateAgent } from "../../../src/services/agents/agent.ts";
import { createApiToken } from "../../../src/services/agents/api-tokens.ts";
import { type Permission, permissionGroups, permissions } from "../../../src/services/agents/policy.ts";
import { listRoles } from "../../../src/services/agents/queries.ts";
import { getRights } from "../../../src/services/agents/rights.ts";
import { deleteRole, saveRole } from "../../../src/services/agents/save-role.ts";
import { savePurchase } from "../../../src/services/contacts/purchases.ts";
import { listContacts } from "../../../src/services/contacts/queries.ts";
import { updateContact } from "../../../src/services/contacts/save-contact.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { countInbox, listInbox } from "../../../src/services/conversations/list.ts";
import { getConversation } from "../../../src/services/conversations/queries.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import type { Context } from "../../../src/services/platform/context.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../../../src/services/platform/errors.ts";
import { search } from "../../../src/services/search/search.ts";
import { type Cast, contextOf, openCast } from "../../support/cast.ts";
import { type Hilo, rejected, startHilo } from "../../support/hilo.ts";
import { write } from "../../support/meta.ts";

const work: Permission[] = [...permissionGroups.conversations, ...permissionGroups.contacts];

describe("roles", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const give = async (agentId: number, name: string, held: readonly Permission[]): Promise<Context> => {
    await saveRole(cast.diego, null, { name, permissions: held });
    await changeRole(cast.diego, agentId, name);
    return contextOf(cast.system, agentId);
  };
  const seen = async (ctx: Context) => {
    const query = { view: "all", status: null, unread: false, search: "", limit: 50 } as const;
    const { rows } = await listInbox(ctx, query);
    const counts = await countInbox(ctx);
    expect(counts.all).to.equal(rows.length);
    return rows.map(({ contactName }) => contactName).sort();
  };
  const scene = async () => {
    const mine = await write(cast, { from: "5215550000001", name: "De Ana", message: "naranja" });
    const queued = await write(cast, { from: "5215550000002", name: "De nadie", message: "naranja" });
    const support = await write(cast, { from: "5215550000003", name: "De Soporte", message: "naranja" });
    const bruno = await write(cast, { from: "5215550000004", name: "De Bruno", message: "naranja" });
    await assign(cast.carmen, mine.conversationId, { agentId: cast.ids.ana });
    const { rows } = await cast.platform.db.raw("select id from teams where name = 'Soporte'");
    await assign(cast.carmen, support.conversationId, { teamId: rows[0].id });
    await assign(cast.carmen, bruno.conversationId, { agentId: cast.ids.bruno });
    return { mine, queued, support, bruno };
  };

  it("see what is theirs, what nobody has, what their teams have, or all", async () => {
    const { bruno } = await scene();
    const own = await give(cast.ids.ana, "propio", ["conversations.see_own", ...work]);
    expect(await seen(own)).to.deep.equal(["De Ana"]);
    const queue = await give(cast.ids.ana, "cola", ["conversations.see_queue", ...work]);
    expect(await seen(queue)).to.deep.equal(["De Ana", "De nadie"]);
    const teams = await give(cast.ids.bruno, "equipo", ["conversations.see_teams", ...work]);
    expect(await seen(teams)).to.deep.equal(["De Bruno", "De Soporte", "De nadie"]);
    expect(await seen(cast.carmen)).to.have.length(4);
    const none = await give(cast.ids.ana, "nada", ["reports.see"]);
    expect(await seen(none)).to.deep.equal([]);
    expect(await rejected(getConversation(own, bruno.conversationId))).to.be.instanceOf(NotFound);
  });

  it("narrow customers and search as they narrow the inbox", async () => {
    await scene();
    const own = await give(cast.ids.ana, "propio", ["conversations.see_own", ...work]);
    const people = await listContacts(own, {}, { before: null, limit: 50 });
    expect(people.map(({ name }) => name)).to.deep.equal(["De Ana"]);
    const found = JSON.stringify(await search(own, "naranja"));
    expect(found).to.contain("De Ana");
    expect(found).to.not.match(/De nadie|De Bruno|De Soporte/);
  });

  it("show the whole story of whoever is served, and of nobody else", async () => {
    const first = await write(cast, { message: "ayer con Bruno" });
    await assign(cast.carmen, first.conversationId, { agentId: cast.ids.bruno });
    await resolve(cast.bruno, first.conversationId);
    await cast.platform.db("conversations").update({ resolved_at: new Date(Date.now() - 3 * 86_400_000) });
    const own = await give(cast.ids.ana, "propio", ["conversations.see_own", ...work]);
    expect(await rejected(getConversation(own, first.conversationId))).to.be.instanceOf(NotFound);
    const next = await write(cast, { id: "wamid.next", message: "hoy" });
    expect(next.conversationId).to.not.equal(first.conversationId);
    await assign(cast.carmen, next.conversationId, { agentId: cast.ids.ana });
    expect((await getConversation(own, first.conversationId)).id).to.equal(first.conversationId);
    await resolve(own, next.conversationId);
    expect(await rejected(getConversation(own, first.conversationId))).to.be.instanceOf(NotFound);
  });

  it("let nobody do what is not ticked, and giving away takes it out of sight without failing", async () => {
    const { mine, bruno } = await scene();
    const reader = await give(cast.ids.ana, "lectura", ["conversations.see_all"]);
    const id = mine.conversationId;
    expect(await rejected(reply(reader, id, { text: "hola" }))).to.be.instanceOf(Forbidden);
    expect(await rejected(assign(reader, id, { agentId: cast.ids.bruno }))).to.be.instanceOf(Forbidden);
    expect(await rejected(resolve(reader, id))).to.be.instanceOf(Forbidden);
    const own = await give(cast.ids.ana, "propio", ["conversations.see_own", ...work]);
    const given = await assign(own, id, { agentId: cast.ids.bruno });
    expect(given.assigneeId).to.equal(cast.ids.bruno);
    expect(await rejected(getConversation(own, id))).to.be.instanceOf(NotFound);
    // Taking what nobody has is not taking from a colleague.
    const taker = await give(cast.ids.ana, "toma", ["conversations.see_all", "conversations.take"]);
    expect(await rejected(assign(taker, bruno.conversationId, { agentId: cast.ids.ana }))).to.be.instanceOf(
      Forbidden,
    );
    await assign(cast.carmen, bruno.conversationId, { agentId: null });
    expect((await assign(taker, bruno.conversationId, { agentId: cast.ids.ana })).assigneeId).to.equal(
      cast.ids.ana,
    );
  });

  it("give nobody more than the giver has, and leave those above alone", async () => {
    const chief = await give(cast.ids.carmen, "jefa", [
      "agents.manage",
      "roles.manage",
      "conversations.see_all",
      "conversations.reply",
    ]);
    const grow = { name: "más", permissions: ["contacts.erase", "conversations.see_own"] as Permission[] };
    expect(await rejected(saveRole(chief, null, grow))).to.be.instanceOf(Invalid);
    expect(await rejected(changeRole(chief, cast.ids.ana, "admin"))).to.be.instanceOf(Conflict);
    const small = {
      name: "menos",
      permissions: ["conversations.see_own", "conversations.reply"] as Permission[],
    };
    const id = await saveRole(chief, null, small);
    expect(await rejected(deactivateAgent(chief, cast.ids.diego))).to.be.instanceOf(Conflict);
    const newcomer = { email: "n@firm.test", name: "N", password: "correct-horse-battery" };
    expect(await rejected(createAgent(chief, { ...newcomer, role: "admin" }))).to.be.instanceOf(Invalid);
    expect((await createAgent(chief, { ...newcomer, role: "menos" })).roleName).to.equal("menos");
    expect(await rejected(deleteRole(chief, id))).to.be.instanceOf(Conflict);
    expect(await rejected(saveRole(cast.ana, null, small))).to.be.instanceOf(Forbidden);
  });

  it("refuse work on what is not seen, built-in changes, and taking the last administrator away", async () => {
    const blind = { name: "ciego", permissions: ["conversations.reply"] as Permission[] };
    expect(await rejected(saveRole(cast.diego, null, blind))).to.be.instanceOf(Invalid);
    const admin = (await listRoles(cast.diego)).find(({ name }) => name === "admin");
    expect(
      await rejected(saveRole(cast.diego, admin?.id ?? 0, { name: "x", permissions: [] })),
    ).to.be.instanceOf(Conflict);
    // Diego through a role of the firm's own, from which nobody may take what the last one has.
    const full = await saveRole(cast.diego, null, { name: "todo", permissions });
    await changeRole(cast.diego, cast.ids.diego, "todo");
    const all = { name: "todo", permissions: permissions.filter((one) => one !== "roles.manage") };
    expect(await rejected(saveRole(cast.diego, full, all))).to.be.instanceOf(Conflict);
  });

  it("two administrators who demote each other at once do not both succeed", async () => {
    await changeRole(cast.diego, cast.ids.carmen, "admin");
    const carmen = await contextOf(cast.system, cast.ids.carmen);
    const tries = await Promise.allSettled([
      changeRole(cast.diego, cast.ids.carmen, "agent"),
      changeRole(carmen, cast.ids.diego, "agent"),
    ]);
    expect(tries.filter(({ status }) => status === "fulfilled")).to.have.length(1);
  });

  it("say what somebody sees and why", async () => {
    await give(cast.ids.ana, "propio", ["conversations.see_own", "conversations.reply"]);
    const rights = await getRights(cast.diego, cast.ids.ana);
    expect(rights.sight).to.equal("own");
    expect([...rights.permissions]).to.include("conversations.reply");
    expect(await rejected(getRights(cast.ana, cast.ids.ana))).to.be.instanceOf(Forbidden);
  });
});

describe("what a role may not see of a customer", () => {
  let hilo: Hilo;
  before(async () => {
    hilo = await startHilo();
    const { cast } = hilo;
    const { conversationId, contactId } = await write(cast, { from: "5215598761234", name: "Marta Gil" });
    await savePurchase(cast.diego, contactId, "P-77", {
      number: "P-77",
      amount: 4321,
      currency: "MXN",
      items: [{ name: "Silla" }],
    });
    await updateContact(cast.diego, contactId, { phone: "+34600111222" });
    const held = permissions.filter(
      (one) => !["contacts.phones", "purchases.see", "contacts.export"].includes(one) && !/manage$/.test(one),
    );
    await saveRole(cast.diego, null, { name: "discreto", permissions: held });
    await changeRole(cast.diego, cast.ids.ana, "discreto");
    ids = { conversationId, contactId };
  });
  after(() => hilo.close());
  let ids = { conversationId: 0, contactId: 0 };

  it("phones and purchases are on no page, in no search, and in no answer of the API", async () => {
    const token = await createApiToken(hilo.cast.diego, { name: "t", email: "ana@firm.test" });
    const ana = await hilo.as("ana");
    const { conversationId, contactId } = ids;
    for (const path of [
      "/inbox?view=all",
      `/conversations/${conversationId}`,
      `/contacts/${contactId}`,
      `/contacts/${contactId}?edit=1`,
      `/contacts/${contactId}/behaviour`,
      "/contacts",
      "/search?q=Marta",
      "/search?q=P-77",
      "/search?q=silla",
      "/search?q=5598761234",
      "/contacts?q=600111222",
      "/board",
      "/companies",
      `/api/v1/contacts/${contactId}`,
      `/api/v1/contacts/${contactId}/timeline`,
      "/api/v1/contacts?phone=%2B34600111222",
      "/api/v1/conversations",
    ]) {
      const { text, status } = await ana
        .get(path)
        .set({ Authorization: `Bearer ${token}`, "HX-Request": String(path.endsWith("behaviour")) });
      expect(status, path).to.equal(200);
      expect(text.replaceAll(/[?&]q=\d+|value="\d+"|«\d+»/g, ""), path).to.not.match(
        /98761234|9876 ?1234|600 ?111 ?222|600111222|4[.,\s]?321|P-77<|Silla/,
      );
    }
    expect((await ana.get(`/contacts/${contactId}`)).text).to.contain("••• 1222");
    expect((await ana.get(`/contacts/${contactId}/export.json`)).status).to.equal(403);
    const carmen = await hilo.as("carmen");
    expect((await carmen.get(`/contacts/${contactId}`)).text).to.match(/600 ?11 ?12 ?22|600 111 222/);
  });

  it("a hidden phone that comes back in a form stays what it was; another is refused", async () => {
    const { db } = hilo.cast.platform;
    const ana = await contextOf(hilo.cast.system, hilo.cast.ids.ana);
    await updateContact(ana, ids.contactId, { name: "Marta Gil R.", phone: "••• 1222" });
    const kept = await db("contacts").where({ id: ids.contactId }).first("phone", "name");
    expect(kept).to.deep.equal({ phone: "+34600111222", name: "Marta Gil R." });
    expect(await rejected(updateContact(ana, ids.contactId, { phone: "+34600999888" }))).to.be.instanceOf(
      Invalid,
    );
  });

  it("what a role may not do is not offered", async () => {
    const { cast } = hilo;
    await saveRole(cast.diego, null, { name: "lectura", permissions: ["conversations.see_all"] });
    await changeRole(cast.diego, cast.ids.bruno, "lectura");
    const bruno = await hilo.as("bruno");
    const { text } = await bruno.get(`/conversations/${ids.conversationId}`);
    expect(text).to.contain("Puedes leer, no responder");
    expect(text).to.not.match(/id="(assign|classify|snooze|resolve|case)-menu"|name="text"/);
    const page = await bruno.get(`/contacts/${ids.contactId}`);
    expect(page.text).to.not.match(/edit=1|\/merge"|interactions\/new|purchases\/new|name="text"/);
  });
});
