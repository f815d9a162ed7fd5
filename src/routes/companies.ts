import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listOpenCases } from "../services/cases/queries.ts";
import { changeCompany, getCompany, listCompanies } from "../services/contacts/companies.ts";
import { listContacts } from "../services/contacts/queries.ts";
import { Invalid } from "../services/platform/errors.ts";
import { presentCase } from "../views/conversations/cases.ts";
import { phoneOf } from "../views/conversations/context.ts";
import { initials, money } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { redirect } from "./respond.ts";
import { errorWords, idParam, optionalId, text } from "./validate.ts";

const pageSize = 50;
const companyForm = z.object({
  name: text(400),
  industry: text(200).default(""),
  size: text(100).default(""),
});

/** Companies with their people. */
export const companies: Router = Router();

companies.get("/companies", async (req, res) => {
  const search = typeof req.query.q === "string" ? req.query.q.slice(0, 100) : "";
  const after = typeof req.query.after === "string" ? req.query.after.slice(0, 200) : null;
  const found = await listCompanies(req.ctx, { search, after, limit: pageSize + 1 });
  const shown = found.slice(0, pageSize);
  const last = shown.at(-1);
  const t = translateFor(req.viewer.locale);
  res.send(
    req.render("companies/index", {
      title: t("companies.title"),
      search,
      companies: shown.map((one) => ({ ...one, words: t("companies.people", { n: one.people }) })),
      next:
        found.length > pageSize && last
          ? `/companies?${new URLSearchParams({ q: search, after: last.name })}`
          : null,
    }),
  );
});

companies.get("/companies/:id", (req, res) => page(req, res));

companies.post("/companies/:id", async (req, res) => {
  const id = idParam(req.params);
  try {
    redirect(res, `/companies/${await changeCompany(req.ctx, id, companyForm.parse(req.body ?? {}))}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), Object.values(errorWords(error, req.viewer)).join(" "));
  }
});

async function page(req: Request, res: Response, error = ""): Promise<void> {
  const company = await getCompany(req.ctx, idParam(req.params));
  const before = optionalId.catch(null).parse(req.query.before);
  const found = await listContacts(req.ctx, { companyId: company.id }, { before, limit: pageSize + 1 });
  const cases = await listOpenCases(req.ctx, company.id);
  const shown = found.slice(0, pageSize);
  const last = shown.at(-1);
  const t = translateFor(req.viewer.locale);
  res.send(
    req.render("companies/show", {
      title: company.name,
      company,
      error,
      worth: [
        company.industry,
        company.size,
        t("companies.people", { n: company.people }),
        company.purchases > 0 ? `${company.purchases} ${t("purchases.count", { n: company.purchases })}` : "",
        ...company.totals.map(
          ({ currency, total }) => `${money(Number(total), currency, req.viewer.locale)} ${currency}`,
        ),
      ]
        .filter(Boolean)
        .join(" · "),
      people: shown.map((contact) => ({
        id: contact.id,
        name: contact.name || phoneOf(contact) || t("contact.unnamed"),
        initials: initials(contact.name),
        details: [contact.jobTitle, phoneOf(contact), contact.email].filter(Boolean).join(" · "),
      })),
      cases: cases.map((one) => ({ ...presentCase(one, req.viewer), contactId: one.contactId })),
      next: found.length > pageSize && last ? `/companies/${company.id}?before=${last.id}` : null,
    }),
  );
}
