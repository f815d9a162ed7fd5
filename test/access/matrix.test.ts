import { expect } from "chai";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { type Permission, permissionGroups, permissions } from "../../src/services/agents/policy.ts";
import { rows } from "../../src/services/platform/database.ts";
import { type Hilo, startHilo, tokenIn } from "../support/hilo.ts";
import { listRoutes } from "../support/routes.ts";
import { type Decision, decisions, ofCustomers, place } from "./decisions.ts";
import { type Owner, openWorld, owners, type Subject, type World } from "./world.ts";

const work: Permission[] = [...permissionGroups.conversations, ...permissionGroups.contacts];
const all = ["own", "queue", "team", "other", "isolatedOwn"];
/** The roles of the matrix: what they hold, null for one that comes with Hilo, and whose conversations they see. */
const roles: Record<string, { holds: readonly Permission[] | null; sees: readonly string[] }> = {
  nothing: { holds: [], sees: [] },
  own: { holds: ["conversations.see_own", ...work], sees: ["own"] },
  queue: { holds: ["conversations.see_queue", ...work], sees: ["own", "queue"] },
  teams: { holds: ["conversations.see_teams", ...work], sees: ["own", "queue", "team", "isolatedOwn"] },
  agent: { holds: null, sees: all },
  supervisor: { holds: null, sees: all },
  admin: { holds: null, sees: all },
};
/** Tables that change by being looked at, and columns that say somebody is there. */
const volatile = ["sessions", "rate_limits", "viewers", "service_windows", "seals"];

const formOf = (json: Record<string, string | string[]>) =>
  new URLSearchParams(
    Object.entries(json).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
  );

interface Asked {
  what: string;
  decision: Decision;
  subject: Subject;
}

describe("access: every route, every role, every owner", function () {
  this.timeout(240_000);
  let hilo: Hilo;
  let world: World;
  let cookie: string;
  let formToken: string;
  let token: string;
  let subjects: Record<Owner, Subject>;
  let asked = 0;
  let fresh = 0;

  before(async () => {
    // Without a worker: what changes here is changed by who asks.
    hilo = await startHilo(undefined, { ROLE: "web" });
    world = await openWorld(hilo.cast);
    const made = [];
    for (const owner of owners) made.push([owner, await world.make(owner)]);
    subjects = Object.fromEntries(made);
    cookie = await hilo.cookie("ana");
    const page = await fetch(`${hilo.url}/settings/profile`, { headers: { cookie } });
    formToken = tokenIn(await page.text());
    token = await createApiToken(hilo.cast.system, { name: "matriz", email: "ana@firm.test" });
    await hilo.cast.platform.db("roles").insert({ name: "matriz", permissions: [] });
  });
  after(async () => {
    await hilo.close();
    process.stdout.write(`    ${decisions.length} routes, ${asked} questions\n`);
  });

  /** Ana has these from the next request on. */
  async function hold(name: string, held: readonly string[] | null): Promise<ReadonlySet<string>> {
    const { db } = hilo.cast.platform;
    if (held) await db("roles").where({ name: "matriz" }).update({ permissions: held });
    const role = db("roles").where({ name: held ? "matriz" : name });
    await db("agents")
      .where({ id: hilo.cast.ids.ana })
      .update({ role_id: role.clone().select("id") });
    hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: hilo.cast.ids.ana }]);
    const [found] = await role.select("permissions");
    return new Set(found.permissions);
  }

  const fill = (text: string, { of }: Decision, subject: Subject) =>
    place(text, {
      ...world.firm,
      ...subject,
      id: subject[of] ?? world.firm[of] ?? "999999",
      bruno: String(hilo.cast.ids.bruno),
      other: subjects.queue.conversation ?? "",
      otherContact: subjects[subject === subjects.own ? "queue" : "own"].contact ?? "",
      fresh: String(fresh),
    });

  async function ask({ decision, subject }: Asked, who: "ana" | "nobody" = "ana"): Promise<string> {
    asked += 1;
    fresh += 1;
    const isApi = decision.path.startsWith("/api/");
    const path = fill(decision.path, decision, subject);
    const json = decision.body === null ? {} : JSON.parse(fill(decision.body, decision, subject));
    const carries = decision.method !== "get";
    const gone = new AbortController();
    const response = await fetch(hilo.url + path, {
      method: decision.method.toUpperCase(),
      redirect: "manual",
      signal: gone.signal,
      headers: {
        ...(who === "ana" ? { cookie, authorization: `Bearer ${token}`, "x-form-token": formToken } : {}),
        ...(carries && isApi ? { "content-type": "application/json" } : {}),
        ...(carries ? { "sec-fetch-site": "same-origin" } : {}),
      },
      ...(carries ? { body: isApi ? JSON.stringify(json) : formOf(json) } : {}),
    });
    const location = response.headers.get("location") ?? "";
    if (decision.path === "/live") gone.abort();
    else await response.body?.cancel();
    return location.startsWith("/login") ? "login" : String(response.status);
  }

  /** Asks in small crowds. @returns what was answered other than expected. */
  async function askAll(list: readonly Asked[], isRight: (answer: string, one: Asked) => boolean) {
    const holes: string[] = [];
    const queue = [...list];
    const worker = async () => {
      for (let one = queue.shift(); one; one = queue.shift()) {
        const answer = await ask(one);
        if (!isRight(answer, one)) holes.push(`${one.what}: ${answer}`);
      }
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    return holes;
  }

  /** All that is kept, but for what looking changes. */
  async function everything(): Promise<Record<string, string>> {
    const { db } = hilo.cast.platform;
    const tables = await rows<{ name: string }>(
      db,
      "select tablename as name from pg_tables where schemaname = 'public' order by 1",
    );
    const found: Record<string, string> = {};
    for (const { name } of tables.filter((table) => !volatile.includes(table.name))) {
      const { rows: one } = await db.raw(
        `select md5(coalesce(string_agg(line, E'\\n' order by line), '')) as sum from
           (select (to_jsonb(t) - '{last_seen_at,last_active_at,last_used_at,availability_changed_at}'::text[])::text as line from "${name}" t) x`,
      );
      found[name] = one[0].sum;
    }
    return found;
  }

  const holds = (held: ReadonlySet<string>, { needs }: Decision) => needs.every((one) => held.has(one));
  const ofFirm = decisions.filter(
    ({ of }) => !["anybody", "demo", "signed-in", "nothing", ...ofCustomers].includes(of),
  );
  const rowsOf = decisions.filter(({ of }) => ofCustomers.includes(of));

  it("has a decision for every route, and no decision without one", async () => {
    const routes = await listRoutes(hilo.cast);
    const decided = decisions.map(({ route }) => route);
    expect(routes.filter((route) => !decided.includes(route))).to.deep.equal([]);
    expect(decided.filter((route) => !routes.includes(route))).to.deep.equal([]);
    expect(new Set(decided).size).to.equal(decided.length);
    const named = decisions.flatMap(({ needs }) => needs);
    expect(named.filter((name) => !permissions.includes(name as Permission))).to.deep.equal([]);
  });

  it("strangers get nothing but what is anybody's, and leave no trace", async () => {
    const before = await everything();
    const closed = decisions.filter(({ of }) => of !== "anybody");
    const holes: string[] = [];
    for (const decision of closed) {
      const answer = await ask({ what: "", decision, subject: subjects.own }, "nobody");
      const right = decision.path.startsWith("/api/")
        ? ["401"]
        : decision.of === "demo"
          ? ["404", "login"]
          : ["login"];
      if (decision.path.startsWith("/set-up-done")) right.push("404", "403");
      if (!right.includes(answer)) holes.push(`${decision.route}: ${answer}`);
    }
    expect(holes).to.deep.equal([]);
    expect(await everything()).to.deep.equal(before);
  });

  for (const [name, { holds: held, sees }] of Object.entries(roles)) {
    it(`${name}: sees what is theirs to see, is refused the rest, and a refusal leaves no trace`, async () => {
      const has = await hold(name, held);
      const customers = owners.flatMap((owner) =>
        rowsOf.map((decision) => ({
          what: `${decision.route} (${owner})`,
          decision,
          subject: subjects[owner],
          isSeen: sees.includes(owner),
        })),
      );
      const settings = ofFirm.map((decision) => ({
        what: decision.route,
        decision,
        subject: {},
        isSeen: true,
      }));
      const every = [...customers, ...settings];
      const refused = every.filter(({ isSeen, decision }) => !isSeen || !holds(has, decision));
      const before = await everything();
      const holes = await askAll(refused, (answer, one) => {
        const isSeen = (one as (typeof every)[number]).isSeen;
        const right = [
          ...(isSeen ? [] : ["404"]),
          ...(holds(has, one.decision) && sees.length > 0 ? [] : ["403"]),
        ];
        return right.includes(answer);
      });
      const after = await everything();
      expect(holes).to.deep.equal([]);
      expect(after).to.deep.equal(before);
      const reads = every.filter(
        ({ isSeen, decision }) => isSeen && holds(has, decision) && decision.method === "get",
      );
      expect(await askAll(reads, (answer) => Number(answer) < 400)).to.deep.equal([]);
      const own = decisions
        .filter(({ of }) => of === "signed-in")
        .map((decision) => ({ what: decision.route, decision, subject: {} }));
      const fine = (answer: string) => (sees.length > 0 ? !["401", "403", "404"].includes(answer) : true);
      expect(await askAll(own, (answer) => fine(answer) && Number(answer) < 500)).to.deep.equal([]);
    });
  }

  it("every permission opens what needs it, and nothing opens without", async () => {
    const holes: string[] = [];
    for (const permission of permissions) {
      const needing = [...rowsOf, ...ofFirm].filter(({ needs }) => needs.includes(permission));
      if (needing.length === 0) continue;
      await hold(
        "",
        permissions.filter((one) => one !== permission),
      );
      const before = await everything();
      const without = needing.map((decision) => ({
        what: `${decision.route} without ${permission}`,
        decision,
        subject: subjects.own,
      }));
      holes.push(
        ...(await askAll(without, (answer) => answer === (permission === "purchases.see" ? "404" : "403"))),
      );
      const after = await everything();
      for (const table of Object.keys(before))
        if (before[table] !== after[table]) holes.push(`without ${permission}: ${table} changed`);
      for (const decision of needing) {
        await hold("", ["conversations.see_all", ...decision.needs]);
        await hilo.cast.platform.db("inbound_events").update({ state: "quarantined" });
        const subject = ofCustomers.includes(decision.of) ? await world.make("own") : {};
        const answer = await ask({ what: "", decision, subject });
        if (["401", "403", "404", "login"].includes(answer) || Number(answer) >= 500)
          holes.push(`${decision.route} with ${permission}: ${answer}`);
      }
    }
    expect(holes).to.deep.equal([]);
  });
});
