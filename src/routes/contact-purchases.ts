import { randomUUID } from "node:crypto";
import { type Request, Router } from "express";
import { z } from "zod";
import { getFirm } from "../services/agents/firm.ts";
import {
  getPurchase,
  isNumberTaken,
  type PurchaseFields,
  savePurchase,
} from "../services/contacts/purchases.ts";
import { getContact } from "../services/contacts/queries.ts";
import { parseAmount, parseItems } from "../services/contacts/typed-purchase.ts";
import { Invalid } from "../services/platform/errors.ts";
import { presentEntryForm } from "../views/contacts/entry-forms.ts";
import { dayKey } from "../views/format.ts";
import { answer, sendForm } from "./contact-entries.ts";
import { requirePermission } from "./guards.ts";
import { fieldErrors, idParam, localTime, text, typed, uuid } from "./validate.ts";

const amount = text(40).transform((typedAmount, context) => {
  if (typedAmount.trim() === "") return null;
  const parsed = parseAmount(typedAmount.trim());
  if (parsed === null) context.addIssue({ code: "custom", message: "purchases.amount" });
  return parsed;
});
const purchaseForm = z.object({
  client_token: uuid,
  number: z.string().trim().min(1, "purchases.number_missing").max(80),
  placed_on: text(20),
  amount,
  currency: z
    .union([
      z.literal(""),
      z
        .string()
        .trim()
        .toUpperCase()
        .regex(/^[A-Z]{3}$/, "purchases.currency"),
    ])
    .transform((value) => value || null),
  status: text(60),
  tracking_url: z.union([z.literal(""), z.url({ protocol: /^https?$/, error: "interactions.url" }).max(500)]),
  delivery_window: text(120),
  returned_on: text(20),
  items: text(4000),
});

/** What people pay with where Hilo is at home. ISO 3166 → ISO 4217. */
const currencies: Record<string, string> = {
  MX: "MXN",
  ES: "EUR",
  AR: "ARS",
  CO: "COP",
  CL: "CLP",
  PE: "PEN",
  UY: "UYU",
  US: "USD",
  BR: "BRL",
  GT: "GTQ",
  CR: "CRC",
  EC: "USD",
};

/** Purchases that people enter and correct by hand. */
export const contactPurchases: Router = Router();

contactPurchases.use("/contacts/:id/purchases", requirePermission("purchases.edit"));

contactPurchases.get("/contacts/:id/purchases/new", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const { country } = await getFirm(req.ctx.db);
  const usual = { placed_on: dayKey(req.viewer.now, req.viewer), currency: currencies[country] ?? "" };
  const values = { ...usual, client_token: randomUUID() };
  const form = presentEntryForm.purchase(contact.id, null, values, req.viewer);
  sendForm(req, res, contact, form);
});

contactPurchases.post("/contacts/:id/purchases/new", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const form = presentEntryForm.purchase(contact.id, null, typed(req.body), req.viewer);
  await answer(req, res, contact, form, async () => {
    const { fields, token } = read(req);
    const externalId = `hilo-${token}`;
    const known = await isNumberTaken(req.ctx, contact.id, fields.number ?? "", externalId);
    if (known) throw new Invalid({ number: "purchases.number_taken" });
    await savePurchase(req.ctx, contact.id, externalId, fields);
  });
});

contactPurchases.get("/contacts/:id/purchases/:purchase", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const purchase = await getPurchase(req.ctx, contact.id, idParam(req.params, "purchase"));
  sendForm(req, res, contact, presentEntryForm.purchase(contact.id, purchase, null, req.viewer));
});

contactPurchases.post("/contacts/:id/purchases/:purchase", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const purchase = await getPurchase(req.ctx, contact.id, idParam(req.params, "purchase"));
  const form = presentEntryForm.purchase(contact.id, purchase, typed(req.body), req.viewer);
  await answer(req, res, contact, form, async () => {
    const { fields } = read(req);
    const { externalId } = purchase;
    if (await isNumberTaken(req.ctx, contact.id, fields.number ?? "", externalId))
      throw new Invalid({ number: "purchases.number_taken" });
    await savePurchase(req.ctx, contact.id, externalId, fields);
  });
});

/** @throws Invalid. */
function read(req: Request): { fields: PurchaseFields; token: string } {
  const form = purchaseForm.safeParse(req.body ?? {});
  if (!form.success) throw new Invalid(fieldErrors(form.error));
  const { data } = form;
  const day = (typedDay: string, field: string) => {
    if (typedDay === "") return null;
    const at = localTime(`${typedDay}T12:00`, req.viewer);
    if (!at) throw new Invalid({ [field]: "commitments.day" });
    return at.toISOString();
  };
  if (data.amount !== null && data.currency === null) throw new Invalid({ currency: "purchases.currency" });
  return {
    token: data.client_token ?? randomUUID(),
    fields: {
      number: data.number,
      placedAt: day(data.placed_on, "placed_on"),
      amount: data.amount,
      currency: data.currency,
      status: data.status.trim(),
      trackingUrl: data.tracking_url,
      deliveryWindow: data.delivery_window.trim(),
      returnedAt: day(data.returned_on, "returned_on"),
      items: parseItems(data.items),
    },
  };
}
