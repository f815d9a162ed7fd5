import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listAllFields } from "../../services/fields/queries.ts";
import { addField, archiveField, changeField, type FieldForm } from "../../services/fields/save-field.ts";
import { type CustomField, fieldKinds, fieldPlaces } from "../../services/fields/types.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { listRecordTypes } from "../../services/records/queries.ts";
import {
  archiveRecordType,
  createRecordType,
  renameRecordType,
} from "../../services/records/record-types.ts";
import { translateFor } from "../../views/i18n.ts";
import type { FieldFormView } from "../../views/settings/views.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, optionalId, parseForm, text, typed } from "../validate.ts";

const fieldForm = z.object({
  label: text(200),
  kind: z.enum(fieldKinds),
  options: text(6000).default(""),
  place: z
    .enum(["", ...fieldPlaces])
    .default("")
    .transform((place) => place || null),
  record_type_id: optionalId,
});
const typeForm = z.object({ name: text(200) });
const archiveForm = z.object({ archived: z.enum(["0", "1"]) });

/** What a firm keeps beside the usual: fields of the card, and types of records with their fields. */
export const fields: Router = Router();
fields.use(["/settings/fields", "/settings/record-types"], requirePermission("fields.manage"));

fields.get("/settings/fields", (req, res) => page(req, res));

fields.post("/settings/fields", async (req, res) => {
  const { record_type_id } = typed(req.body);
  await save(req, res, `new-${record_type_id ?? ""}`, async () => {
    const form = parseForm(fieldForm, req.body);
    await addField(req.ctx, form.record_type_id, fieldOf(form));
  });
});

fields.post("/settings/fields/:id", async (req, res) => {
  const id = idParam(req.params);
  await save(req, res, `field-${id}`, () =>
    changeField(req.ctx, id, fieldOf(parseForm(fieldForm, req.body))),
  );
});

fields.post("/settings/fields/:id/archiving", async (req, res) => {
  const { archived } = archiveForm.parse(req.body ?? {});
  await archiveField(req.ctx, idParam(req.params), archived === "1");
  redirect(res, "/settings/fields");
});

fields.post("/settings/record-types", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  // A type begins with what nearly all have; each field can be renamed, changed or archived.
  const first: FieldForm[] = [
    { label: t("records.first_title"), kind: "text", options: [], place: "title" },
    { label: t("records.first_date"), kind: "datetime", options: [], place: "date" },
    {
      label: t("records.first_state"),
      kind: "choice",
      options: t("records.first_states").split(", "),
      place: "state",
    },
  ];
  await save(req, res, "type-new", () =>
    createRecordType(req.ctx, parseForm(typeForm, req.body).name, first),
  );
});

fields.post("/settings/record-types/:id", async (req, res) => {
  const id = idParam(req.params);
  await save(req, res, `type-${id}`, () => renameRecordType(req.ctx, id, parseForm(typeForm, req.body).name));
});

fields.post("/settings/record-types/:id/archiving", async (req, res) => {
  const { archived } = archiveForm.parse(req.body ?? {});
  await archiveRecordType(req.ctx, idParam(req.params), archived === "1");
  redirect(res, "/settings/fields");
});

const fieldOf = ({ label, kind, options, place }: z.output<typeof fieldForm>): FieldForm => ({
  label,
  kind,
  options: options.split("\n"),
  place,
});

async function save(req: Request, res: Response, at: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
    redirect(res, "/settings/fields");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), { at, errors: errorWords(error, req.viewer), typed: typed(req.body) });
  }
}

interface Faulty {
  at: string;
  errors: Record<string, string>;
  typed: Record<string, string>;
}

async function page(req: Request, res: Response, faulty?: Faulty): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const [all, types] = await Promise.all([listAllFields(req.ctx), listRecordTypes(req.ctx, true)]);
  const of = (typeId: number | null) => all.filter(({ recordTypeId }) => recordTypeId === typeId);
  const group = (recordTypeId: number | null, own: readonly CustomField[]) => ({
    fields: own.map((field) => formOf(field, faulty)),
    draft: draftOf(recordTypeId, faulty),
  });
  res.send(
    req.render("settings/fields/index", {
      title: t("fields.title"),
      kinds: fieldKinds.map((kind) => ({ value: kind, label: t(`fields.kind_${kind}`) })),
      places: fieldPlaces.map((place) => ({ value: place, label: t(`fields.place_of_${place}`) })),
      card: group(null, of(null)),
      types: types.map((type) => ({
        id: type.id,
        name: faulty?.at === `type-${type.id}` ? (faulty.typed.name ?? "") : type.name,
        error: faulty?.at === `type-${type.id}` ? (faulty.errors.name ?? "") : "",
        count: type.count,
        isArchived: type.archivedAt !== null,
        ...group(type.id, of(type.id)),
      })),
      newType: {
        name: faulty?.at === "type-new" ? (faulty.typed.name ?? "") : "",
        error: faulty?.at === "type-new" ? (faulty.errors.name ?? "") : "",
      },
    }),
  );
}

function formOf(field: CustomField, faulty: Faulty | undefined): FieldFormView {
  const isFaulty = faulty?.at === `field-${field.id}`;
  const stored = {
    label: field.label,
    kind: field.kind,
    options: field.options.join("\n"),
    place: field.place ?? "",
  };
  return {
    id: field.id,
    recordTypeId: field.recordTypeId,
    key: field.key,
    isArchived: field.archivedAt !== null,
    ...stored,
    ...(isFaulty ? faulty.typed : {}),
    errors: isFaulty ? faulty.errors : {},
  };
}

function draftOf(recordTypeId: number | null, faulty: Faulty | undefined): FieldFormView {
  const isFaulty = faulty?.at === `new-${recordTypeId ?? ""}`;
  return {
    id: 0,
    recordTypeId,
    key: "",
    isArchived: false,
    label: "",
    kind: "text",
    options: "",
    place: "",
    ...(isFaulty ? faulty.typed : {}),
    errors: isFaulty ? faulty.errors : {},
  };
}
