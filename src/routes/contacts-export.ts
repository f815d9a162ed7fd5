import { once } from "node:events";
import { Router } from "express";
import { approved } from "../services/agents/approvals.ts";
import { type Contact, listContacts } from "../services/contacts/queries.ts";
import { listFields } from "../services/fields/queries.ts";
import { tokenHash } from "../services/platform/secrets.ts";
import { transact } from "../services/platform/transact.ts";
import { cardFields, fieldLabel } from "../views/contacts/fields.ts";
import { csvRow } from "../views/csv.ts";
import { translateFor } from "../views/i18n.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";

const perRead = 500;

/** The list of customers as CSV, in the columns that an import takes. */
export const contactsExport: Router = Router();

contactsExport.get("/contacts.csv", requirePermission("contacts.export"), exportLimit, async (req, res) => {
  const { ctx, viewer } = req;
  const search = typeof req.query.q === "string" ? req.query.q.slice(0, 100) : "";
  const t = translateFor(viewer.locale);
  const own = await listFields(ctx, null);
  // Noted before the first row leaves: what was cut off was seen all the same.
  const use = await approved(
    ctx,
    "contacts.export",
    search ? { search: tokenHash(search).slice(0, 16) } : {},
  );
  await transact(ctx, async (tx) => {
    await use(tx);
    tx.record(null, { act: "contacts.exported", data: { search: search !== "" } });
  });
  res.attachment("hilo-contacts.csv").type("text/csv");
  const header = [
    ...cardFields.map((field) => fieldLabel(field, viewer)),
    ...own.map(({ label }) => label),
    t("contact.since"),
  ];
  res.write(`\ufeff${csvRow(header)}`);
  for (let before: number | null = null; ; ) {
    const found: Contact[] = await listContacts(ctx, { search }, { before, limit: perRead });
    for (const contact of found) {
      const cells = cardFields.map((field) => cellOf(contact[field], t));
      const customs = own.map(({ key }) => cellOf(contact.custom[key], t));
      const isRoom = res.write(csvRow([...cells, ...customs, contact.firstSeenAt.toISOString()]));
      if (!isRoom) await Promise.race([once(res, "drain"), once(res, "close")]);
    }
    const last = found.at(-1);
    if (!last || found.length < perRead || res.closed) break;
    before = last.id;
  }
  res.end();
});

function cellOf(value: unknown, t: (key: string) => string): string {
  if (typeof value === "boolean") return t(value ? "page.yes" : "page.no");
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}
