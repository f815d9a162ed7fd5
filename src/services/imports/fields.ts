import { listFields } from "../fields/queries.ts";
import type { Reader } from "../platform/context.ts";
import type { ImportKind } from "./types.ts";

/** Fields of the card that a file can fill. */
export const contactFields = [
  "name",
  "phone",
  "email",
  "company",
  "jobTitle",
  "location",
  "language",
  "preferredChannel",
  "preferredHours",
  "doNotCall",
  "tags",
] as const;

/** `contact…`: whose purchase it is. */
export const purchaseFields = [
  "contactPhone",
  "contactEmail",
  "number",
  "placedAt",
  "amount",
  "currency",
  "status",
  "items",
  "trackingUrl",
  "deliveryWindow",
  "returnedAt",
] as const;

/** Everything that a file of this kind can fill, the firm's own fields as `custom.<key>`. */
export async function listImportFields(
  ctx: Pick<Reader, "db">,
  kind: ImportKind,
): Promise<{ name: string; label: string | null }[]> {
  switch (kind) {
    case "contacts": {
      const own = await listFields(ctx, null);
      return [
        ...contactFields.map((name) => ({ name, label: null })),
        ...own.map(({ key, label }) => ({ name: `custom.${key}`, label })),
      ];
    }
    case "purchases":
      return purchaseFields.map((name) => ({ name, label: null }));
  }
}

/** Words by which spreadsheets and other programs name these things, in both languages. */
const words: Record<string, string[]> = {
  name: ["name", "nombre", "full name", "nombre completo", "cliente", "customer", "contacto", "contact"],
  phone: [
    "phone",
    "telefono",
    "tel",
    "movil",
    "celular",
    "mobile",
    "cell",
    "whatsapp",
    "phone number",
    "numero",
  ],
  email: ["email", "e mail", "emails", "correo", "correos", "correo electronico", "mail"],
  company: ["company", "empresa", "organizacion", "organization", "compania"],
  jobTitle: ["job title", "puesto", "cargo", "title"],
  location: ["location", "lugar", "ciudad", "city", "direccion", "address"],
  language: ["language", "idioma"],
  preferredChannel: ["preferred channel", "medio preferido", "canal preferido"],
  preferredHours: ["preferred hours", "horario preferido"],
  doNotCall: ["do not call", "no llamar", "no llamar por telefono"],
  tags: ["tags", "tag", "etiquetas", "etiqueta", "labels", "label"],
  contactPhone: ["phone", "telefono", "tel", "celular", "movil", "customer phone", "telefono del cliente"],
  contactEmail: ["email", "correo", "customer email", "correo del cliente", "mail"],
  number: ["number", "order", "order number", "pedido", "numero de pedido", "numero", "folio", "id"],
  placedAt: ["date", "fecha", "placed at", "fecha de compra", "created at"],
  amount: ["amount", "importe", "total", "monto", "precio"],
  currency: ["currency", "moneda", "divisa"],
  status: ["status", "estado", "estatus"],
  items: ["items", "productos", "articulos", "products"],
  trackingUrl: ["tracking", "rastreo", "tracking url", "guia", "enlace de rastreo"],
  deliveryWindow: ["delivery", "entrega", "delivery window", "cuando llega"],
  returnedAt: ["returned", "devuelto", "devuelta el", "returned at"],
};

const plain = (text: string) =>
  text
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, " ")
    .trim();

/** Which field each column probably fills, each field once; empty where nothing is alike. */
export function guessMapping(
  header: readonly string[],
  fields: readonly { name: string; label: string | null }[],
): string[] {
  const taken = new Set<string>();
  return header.map((column) => {
    const said = plain(column);
    const found = fields.find(
      ({ name, label }) =>
        !taken.has(name) &&
        (plain(name) === said || plain(label ?? "") === said || words[name]?.includes(said)) &&
        said !== "",
    );
    if (found) taken.add(found.name);
    return found?.name ?? "";
  });
}
