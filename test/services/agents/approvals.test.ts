import { expect } from "chai";
import { changeRole, deactivateAgent, reactivateAgent } from "../../../src/services/agents/agent.ts";
import {
  ApprovalNeeded,
  decideApproval,
  listApprovals,
  type SensitiveAct,
  saveApprovalActs,
} from "../../../src/services/agents/approvals.ts";
import { invite, renewLink } from "../../../src/services/agents/links.ts";
import { permissions } from "../../../src/services/agents/policy.ts";
import { listRoles } from "../../../src/services/agents/queries.ts";
import { requireSecondFactor, saveRole } from "../../../src/services/agents/save-role.ts";
import { resetSecondFactor } from "../../../src/services/agents/second-factor.ts";
import type { Context } from "../../../src/services/platform/context.ts";
import { rows } from "../../../src/services/platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../../../src/services/platform/errors.ts";
import { eraseContact } from "../../../src/services/privacy/erase-contact.ts";
import { setRetention } from "../../../src/services/privacy/retention.ts";
import { contextOf } from "../../support/cast.ts";
import { type Hilo, rejected, startHilo } from "../../support/hilo.ts";
import { write } from "../../support/meta.ts";

describe("approvals", () => {
  let hilo: Hilo;
  /** A second administrator. */
  let eva: Context;
  beforeEach(async () => {
    hilo = await startHilo();
    await changeRole(hilo.cast.diego, hilo.cast.ids.carmen, "admin");
    eva = await contextOf(hilo.cast.system, hilo.cast.ids.carmen);
  });
  afterEach(() => hilo.close());

  const mark = (...acts: SensitiveAct[]) => saveApprovalActs(hilo.cast.diego, acts);
  const decide = async (by: Context, isGiven: boolean) => {
    const open = (await listApprovals(by)).find((one) => one.isGiven === null);
    await decideApproval(by, open?.id ?? 0, isGiven);
  };
  const needed = async (work: Promise<unknown>) => (await rejected(work)) instanceof ApprovalNeeded;

  it("hold an act until somebody else says yes, to this very act, once", async () => {
    const { diego } = hilo.cast;
    const one = await write(hilo.cast, { from: "5215550000001" });
    const other = await write(hilo.cast, { from: "5215550000002" });
    await mark("contacts.erase");
    expect(await needed(eraseContact(diego, one.contactId))).to.equal(true);
    expect(await needed(eraseContact(diego, one.contactId))).to.equal(true);
    expect(await listApprovals(eva)).to.have.length(1);
    expect(await rejected(decideApproval(diego, 1, true)), "nobody says yes to themselves").to.be.instanceOf(
      NotFound,
    );
    expect(await rejected(decideApproval(hilo.cast.ana, 1, true))).to.be.instanceOf(Forbidden);
    await decide(eva, true);
    expect(await rejected(decideApproval(eva, 1, false)), "it is decided").to.be.instanceOf(NotFound);
    expect(await needed(eraseContact(diego, other.contactId)), "the yes was to another").to.equal(true);
    expect(await needed(eraseContact(eva, one.contactId)), "and to somebody else").to.equal(true);
    await eraseContact(diego, one.contactId);
    expect((await listApprovals(diego)).find(({ id }) => id === 1)).to.include({
      isUsed: true,
      isReady: false,
    });
  });

  it("a no, a question that is a week old, and a yes of yesterday open nothing", async () => {
    const { diego } = hilo.cast;
    const { contactId } = await write(hilo.cast);
    await mark("contacts.erase");
    const erase = () => eraseContact(diego, contactId);
    const { db } = hilo.cast.platform;
    expect(await needed(erase())).to.equal(true);
    await decide(eva, false);
    expect(await needed(erase())).to.equal(true);
    await db.raw("update approvals set asked_at = now() - interval '8 days' where decided_at is null");
    expect((await listApprovals(eva)).filter((one) => one.isGiven === null)).to.deep.equal([]);
    expect(await needed(erase())).to.equal(true);
    await decide(eva, true);
    await db.raw("update approvals set decided_at = now() - interval '25 hours' where is_given");
    expect(await needed(erase())).to.equal(true);
    expect((await db("contacts").where({ id: contactId }).first()).erased_at).to.equal(null);
  });

  it("one yes lets one of two at once through", async () => {
    const { diego, ids } = hilo.cast;
    await mark("roles.change");
    expect(await needed(changeRole(diego, ids.ana, "supervisor"))).to.equal(true);
    await decide(eva, true);
    const outcomes = await Promise.allSettled([0, 1, 2].map(() => changeRole(diego, ids.ana, "supervisor")));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
  });

  it("hold every way of giving a role, with what exactly is given", async () => {
    const { diego } = hilo.cast;
    await mark("roles.change");
    const role = { name: "caja", permissions: ["conversations.see_own"] as const };
    const agent = (await listRoles(diego)).find(({ name }) => name === "agent");
    expect(await needed(invite(diego, { name: "X", email: "x@firm.test", role: "admin" }))).to.equal(true);
    expect(await needed(requireSecondFactor(diego, agent?.id ?? 0, true))).to.equal(true);
    expect(await needed(saveRole(diego, null, role))).to.equal(true);
    await decide(eva, true);
    const wider = { name: "caja", permissions: ["conversations.see_own", "contacts.export"] as const };
    expect(await needed(saveRole(diego, null, wider)), "more than was agreed to").to.equal(true);
    expect(await saveRole(diego, null, role)).to.be.a("number");
  });

  it("are not taken off by one person, and not put on where nobody could answer", async () => {
    const { diego } = hilo.cast;
    await mark("contacts.export", "contacts.erase");
    expect(await needed(mark("contacts.erase"))).to.equal(true);
    await mark("contacts.export", "contacts.erase", "roles.change");
    await decide(eva, true);
    expect(await needed(mark()), "the yes was to one mark").to.equal(true);
    const { db } = hilo.cast.platform;
    await db.raw("update firm set approval_acts = '{}'");
    await changeRole(diego, hilo.cast.ids.carmen, "agent");
    expect(await rejected(mark("contacts.erase"))).to.be.instanceOf(Invalid);
  });

  it("are not given by somebody whom one lets in oneself", async () => {
    const { diego, ids } = hilo.cast;
    await mark("contacts.erase");
    const carmen = ids.carmen;
    expect(await needed(renewLink(diego, carmen))).to.equal(true);
    expect(await needed(resetSecondFactor(diego, carmen))).to.equal(true);
    expect(await needed(invite(diego, { name: "X", email: "x@firm.test", role: "admin" }))).to.equal(true);
    await deactivateAgent(diego, ids.bruno);
    expect(await needed(reactivateAgent(diego, ids.bruno))).to.equal(true);
    expect(await needed(setRetention(diego, [{ kind: "messages", months: 1 }] as never))).to.equal(true);
  });

  it("name the role and show all of what it would hold, and one person's questions do not bury others'", async () => {
    const { diego } = hilo.cast;
    await mark("roles.change", "contacts.export");
    const browser = await hilo.as("diego");
    const held = permissions.filter((one) => one !== "firm.manage");
    expect(await needed(saveRole(diego, null, { name: "casi todo", permissions: held }))).to.equal(true);
    const page = (await (await hilo.as("carmen")).get("/approvals")).text;
    expect(page).to.contain("casi todo").and.contain("Tokens de la API").and.contain("Roles y permisos");
    for (let n = 0; n < 25; n += 1) await browser.get(`/contacts.csv?q=${n}`);
    const open = await rows(hilo.cast.platform.db, "select 1 from approvals where decided_at is null");
    expect(open).to.have.length(20);
    // The same again is no other question, and old ones stand in nobody's way.
    expect((await browser.get("/contacts.csv?q=0")).headers.location).to.equal("/approvals?asked=1");
    await hilo.cast.platform.db.raw(
      "update approvals set asked_at = now() - interval '8 days' where decided_at is null",
    );
    expect((await browser.get("/contacts.csv?q=99")).headers.location).to.equal("/approvals?asked=1");
    const kept = await rows<{ params: object }>(
      hilo.cast.platform.db,
      "select params from approvals where act = 'contacts.export'",
    );
    expect(JSON.stringify(kept)).to.match(/"search":"[\w-]{16}"/);
  });

  it("lead from the act to the question, to whoever decides, and back, on pages", async () => {
    await mark("contacts.export");
    const [diego, carmen] = [await hilo.as("diego"), await hilo.as("carmen")];
    const held = await diego.get("/contacts.csv");
    expect(held.headers.location).to.equal("/approvals?asked=1");
    expect((await diego.get("/approvals?asked=1")).text)
      .to.contain("Exportar clientes")
      .and.not.contain("/approvals/1/yes");
    expect((await carmen.get("/mentions")).text).to.contain('href="/approvals"');
    expect((await carmen.get("/approvals")).text).to.contain("/approvals/1/yes");
    await carmen.post("/approvals/1/yes").expect(303);
    expect((await diego.get("/approvals")).text).to.contain('href="/contacts"');
    expect((await diego.get("/contacts.csv")).status).to.equal(200);
    expect((await diego.get("/contacts.csv")).status).to.equal(303);
    expect((await (await hilo.as("ana")).post("/approvals/1/yes")).status).to.equal(403);
  });
});
