import { Router } from "express";
import { z } from "zod";
import { getContact } from "../../services/contacts/queries.ts";
import { listDuplicates } from "../../services/merges/duplicates.ts";
import { mergeContacts } from "../../services/merges/merge.ts";
import { listMerges } from "../../services/merges/queries.ts";
import { separateIdentity } from "../../services/merges/separate.ts";
import { undoMerge } from "../../services/merges/undo.ts";
import { idParam } from "../validate.ts";
import { digits, parse } from "./asking.ts";
import { presentContact, presentDuplicate, presentMerge } from "./present.ts";

const mergeBody = z.strictObject({ contact_id: digits });

/** One person with several cards, for programs. The id of a merged contact goes on to answer, as whom they are now. */
export const mergesApi: Router = Router();

mergesApi.get("/api/v1/contacts/:id/duplicates", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  res.json({ data: (await listDuplicates(req.ctx, id)).map(presentDuplicate), next_cursor: null });
});

mergesApi.get("/api/v1/contacts/:id/merges", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  res.json({ data: (await listMerges(req.ctx, id)).map(presentMerge), next_cursor: null });
});

mergesApi.post("/api/v1/contacts/:id/merges", async (req, res) => {
  const { contact_id } = parse(mergeBody, req.body);
  res.status(201).json(presentMerge(await mergeContacts(req.ctx, idParam(req.params), contact_id)));
});

mergesApi.delete("/api/v1/contacts/:id/merges/:merge", async (req, res) => {
  const merge = await undoMerge(req.ctx, idParam(req.params), idParam(req.params, "merge"));
  res.json(presentMerge(merge));
});

mergesApi.post("/api/v1/contacts/:id/identities/:identity/separation", async (req, res) => {
  const id = await separateIdentity(req.ctx, idParam(req.params), idParam(req.params, "identity"));
  res.status(201).json(presentContact(await getContact(req.ctx, id)));
});
