import { expect } from "chai";
import { changeRole, createAgent, deactivateAgent } from "../../../src/services/agents/agent.ts";
import { type Permission, permissionGroups, permissions } from "../../../src/services/agents/policy.ts";
import { listRoles } from "../../../src/services/agents/queries.ts";
import { getRights } from "../../../src/services/agents/rights.ts";
import { deleteRole, saveRole } from "../../../src/services/agents/save-role.ts";
import { listContacts } from "../../../src/services/contacts/queries.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { countInbox, listInbox } from "../../../src/services/conversations/list.ts";
import { getConversation } from "../../../src/services/conversations/queries.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import type { Context } from "../../../src/services/platform/context.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../../../src/services/platform/errors.ts";
import { search } from "../../../src/services/search/search.ts";
import { type Cast, contextOf, openCast } from "../../support/cast.ts";
import { rejected } from "../../support/hilo.ts";
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
