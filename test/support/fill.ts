import { promiseTo } from "../../src/services/commitments/commitments.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { createContact } from "../../src/services/contacts/save-contact.ts";
import { noteOnContact } from "../../src/services/conversations/note.ts";
import { addField } from "../../src/services/fields/save-field.ts";
import { createRecordType } from "../../src/services/records/record-types.ts";
import { saveRecord } from "../../src/services/records/save-record.ts";
import type { Cast } from "./cast.ts";

/** More of everything that pages list. */
export async function fillMore(cast: Cast, contactId: number): Promise<void> {
  const title = { label: "Asunto", kind: "text" as const, options: [], place: "title" as const };
  for (const name of ["Cita", "Visita", "Póliza"]) {
    const { id } = await createRecordType(cast.diego, name, [title]);
    await saveRecord(cast.ana, contactId, id, "1", { asunto: name });
  }
  for (let n = 0; n < 5; n += 1) {
    await addField(cast.diego, null, { label: `Campo ${n}`, kind: "text", options: [], place: null });
    await savePurchase(cast.ana, contactId, `p${n}`, { amount: n, currency: "MXN" });
    await createContact(cast.ana, { name: `Persona ${n}`, company: `Empresa ${n}`, tags: [`etiqueta ${n}`] });
    await noteOnContact(cast.ana, contactId, { text: `@diego ${n}` });
    await promiseTo(cast.ana, contactId, { text: `promesa ${n}`, dueOn: null });
  }
}
