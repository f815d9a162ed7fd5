import { createContact, updateContact } from "../contacts/save-contact.ts";
import { addField } from "../fields/save-field.ts";
import { addInteraction } from "../interactions/interactions.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { createRecordType } from "../records/record-types.ts";
import { saveRecord } from "../records/save-record.ts";
import { changeTag, listTags, type TagColour } from "../tags/tags.ts";

/** What a furniture shop keeps beside the usual: fields of its own, visits, calls, colours of tags, and a card made twice. */
export async function describeTrade(
  system: Context,
  contactOf: (phone: string) => Promise<number>,
): Promise<void> {
  const now = system.now().getTime();
  const juan = await contactOf("5213312349876");
  const builder = await contactOf("5215598761234");
  await addField(system, null, {
    label: "Tipo de cliente",
    kind: "choice",
    options: ["Hogar", "Oficina", "Constructora"],
    place: null,
  });
  await addField(system, null, { label: "Cumpleaños", kind: "date", options: [], place: null });
  await updateContact(system, juan, { custom: { tipo_de_cliente: "Oficina", cumpleanos: "1984-03-12" } });
  await updateContact(system, builder, { custom: { tipo_de_cliente: "Constructora" } });
  const visit = await createRecordType(system, "Visita", [
    { label: "Asunto", kind: "text", options: [], place: "title" },
    { label: "Fecha y hora", kind: "datetime", options: [], place: "date" },
    { label: "Estado", kind: "choice", options: ["Programada", "Hecha", "Cancelada"], place: "state" },
  ]);
  const day = (ahead: number) => new Date(now + ahead * 86_400_000).toISOString().slice(0, 10);
  await saveRecord(system, builder, visit.id, "demo-1", {
    asunto: "Medir la sala de juntas",
    fecha_y_hora: `${day(2)}T10:30`,
    estado: "Programada",
  });
  await saveRecord(system, juan, visit.id, "demo-2", {
    asunto: "Recoger la licuadora",
    fecha_y_hora: `${day(-1)}T12:00`,
    estado: "Hecha",
  });
  await addInteraction(system, builder, {
    kind: "call",
    at: new Date(now - 3 * 86_400_000),
    seconds: 760,
    summary: "Pide precio de doce sillas para la sala de juntas",
    agreements: "Le mandamos dos opciones con y sin descansabrazos",
    nextStep: "Mandar cotización de doce sillas",
    nextStepDueOn: day(1),
  });
  await createContact(system, {
    name: "Juan Perez",
    email: "juan@muebles-roble.example",
    company: "Muebles Roble S.A.",
  });
  const colours: Record<string, TagColour> = { VIP: "violet", "Cliente frecuente": "green" };
  for (const { id, name } of await listTags(system)) {
    const colour = colours[name];
    if (colour) await changeTag(system, id, { name, colour });
  }
}

/** Whose number it is. */
export async function demoContact(ctx: Pick<Context, "db">, phone: string): Promise<number> {
  const owner = await row<{ contact_id: number }>(
    ctx.db,
    "select contact_id from contact_identities where external_id = ?",
    [phone],
  );
  if (!owner) throw new Error("a demo customer is missing");
  return owner.contact_id;
}
