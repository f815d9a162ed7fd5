import { once } from "node:events";
import { type Request, Router } from "express";
import { listAgents } from "../services/agents/queries.ts";
import { type AuditEvent, type AuditFilter, listAuditEvents, subjects } from "../services/audit/queries.ts";
import { transact } from "../services/platform/transact.ts";
import { type AuditRow, presentAuditEvent } from "../views/audit/present.ts";
import { csvRow } from "../views/csv.ts";
import { dayOn, exact } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import { optionalId } from "./validate.ts";

const pageSize = 100;
/** As many as somebody still reads on paper. */
const printed = 1000;
const perRead = 1000;

/** Who did what, when and from where, for those who may know: looked through, printed, taken along. */
export const audit: Router = Router();
audit.use(["/audit", "/audit.csv"], requirePermission("audit.see"));

audit.get("/audit", async (req, res) => {
  const isPrint = req.query.print === "1";
  const before = optionalId.catch(null).parse(req.query.before);
  const size = isPrint ? printed : pageSize;
  const asked = wanted(req);
  const [found, agents] = await Promise.all([
    listAuditEvents(req.ctx, { before, limit: size + 1 }, filterOf(req, asked)),
    listAgents(req.ctx),
  ]);
  const t = translateFor(req.viewer.locale);
  const events: AuditRow[] = found.slice(0, size).map((event) => presentAuditEvent(event, req.viewer));
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== "")).toString();
  const href = (path: string, more: string) => `${path}?${[query, more].filter(Boolean).join("&")}`;
  const last = events.at(-1);
  const hasMore = found.length > size;
  res.send(
    req.render(isPrint ? "audit/print" : "audit/index", {
      title: t("nav.audit"),
      events,
      asked,
      isNarrow: query !== "",
      agents: agents.map(({ id, name }) => ({ value: String(id), name })),
      subjects: subjects.map((value) => ({ value, name: t(`audit.of.${value}`) })),
      next: hasMore && last ? href("/audit", `before=${last.id}`) : null,
      csv: href("/audit.csv", ""),
      print: href("/audit", "print=1"),
      made: exact(req.viewer.now, req.viewer),
      isCut: hasMore,
    }),
  );
});

audit.get("/audit.csv", requirePermission("audit.export"), exportLimit, async (req, res) => {
  const { ctx, viewer } = req;
  const asked = wanted(req);
  const filter = filterOf(req, asked);
  const t = translateFor(viewer.locale);
  // Noted before the first row leaves: what was cut off was seen all the same.
  await transact(ctx, async (tx) => tx.record(null, { act: "audit.exported", data: { ...asked } }));
  res.attachment("hilo-audit.csv").type("text/csv");
  const header = ["id", t("quarantine.when"), t("audit.who"), t("audit.source"), t("audit.address")];
  const rest = [t("audit.act"), t("audit.what"), t("audit.about"), t("audit.details")];
  res.write(`\ufeff${csvRow([...header, ...rest])}`);
  for (let before: number | null = null; ; ) {
    const found: AuditEvent[] = await listAuditEvents(ctx, { before, limit: perRead }, filter);
    for (const event of found) {
      const one = presentAuditEvent(event, viewer);
      const who = [
        String(event.id),
        event.createdAt.toISOString(),
        one.actor,
        event.source,
        event.address ?? "",
      ];
      const what = [event.act, one.actName, one.subject.map(({ label }) => label).join(", ")];
      const isRoom = res.write(csvRow([...who, ...what, one.details.join("; ")]));
      if (!isRoom) await Promise.race([once(res, "drain"), once(res, "close")]);
    }
    const last = found.at(-1);
    if (!last || found.length < perRead || res.closed) break;
    before = last.id;
  }
  res.end();
});

type Asked = Record<"actor" | "about" | "from" | "until" | "q" | "conversation" | "contact", string>;

/** The question as its form and its links repeat it. */
function wanted({ query }: Request): Asked {
  const one = (name: string, most = 100) => {
    const value = query[name];
    return typeof value === "string" ? value.trim().slice(0, most) : "";
  };
  return {
    actor: one("actor", 15),
    about: one("about", 30),
    from: one("from", 10),
    until: one("until", 10),
    q: one("q"),
    conversation: one("conversation", 15),
    contact: one("contact", 15),
  };
}

/** What is no day, person or number asks for nothing. The last day counts whole. */
function filterOf({ viewer }: Request, asked: Asked): AuditFilter {
  const number = (text: string) => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : null);
  const day = (text: string, plus: number) => {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
    try {
      const key = Temporal.PlainDate.from(text, { overflow: "reject" }).add({ days: plus }).toString();
      return dayOn(key, viewer);
    } catch {
      return null;
    }
  };
  return {
    actor: asked.actor === "hilo" ? "hilo" : number(asked.actor),
    about: subjects.find((one) => one === asked.about) ?? "",
    from: day(asked.from, 0),
    until: day(asked.until, 1),
    search: asked.q,
    conversationId: number(asked.conversation),
    contactId: number(asked.contact),
  };
}
