import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Router } from "express";
import { ZipFile } from "yazl";
import { collectEvidence } from "../services/audit/evidence.ts";
import { presentAuditEvent } from "../views/audit/present.ts";
import { exact } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { templatesFolder } from "../views/index.ts";
import * as shape from "./api/present.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import { idParam } from "./validate.ts";

const style = readFileSync(resolve(templatesFolder, "audit/evidence.css"), "utf8");

/** A conversation to hand over: readable by people, and provable by whoever has the script of `docs/`. */
export const evidence: Router = Router();

evidence.get(
  "/conversations/:id/evidence.zip",
  requirePermission("audit.export"),
  requirePermission("audit.see"),
  exportLimit,
  async (req, res) => {
    const { viewer, ctx } = req;
    const t = translateFor(viewer.locale);
    const found = await collectEvidence(ctx, idParam(req.params));
    const { conversation, messages, notes, events, files, proof } = found;
    const data = {
      exported_at: viewer.now.toISOString(),
      conversation: shape.presentConversation(conversation),
      messages: messages.map(shape.presentMessage),
      notes: notes.map(shape.presentNote),
      audit_events: events.map(shape.presentAuditEvent),
      files: files.map(({ name, sha256, messageId }) => ({
        name: `files/${name}`,
        sha256,
        message_id: String(messageId),
      })),
    };
    const said = messages.map((message) => ({
      id: message.id,
      who:
        message.authorName ?? (message.direction === "inbound" ? conversation.contactName : t("agent.hilo")),
      isOurs: message.direction === "outbound",
      when: exact(message.sentAt, viewer),
      kind: message.kind,
      text: message.text,
      editedText: message.editedText,
      files: files.filter(({ messageId }) => messageId === message.id).map(({ name }) => name),
    }));
    const page = req.render("audit/evidence", {
      title: t("evidence.title", {
        id: conversation.id,
        name: conversation.contactName || t("contact.unnamed"),
      }),
      made: t("evidence.made", { when: exact(viewer.now, viewer), name: viewer.name }),
      said,
      notes: notes.map((note) => ({
        who: note.agentName ?? t("agent.hilo"),
        when: exact(note.createdAt, viewer),
        text: note.text,
      })),
      events: events.map((event) => presentAuditEvent(event, viewer)),
      seals: proof.seals.map(({ id, hash }) => ({ id, hash })),
    });
    const zip = new ZipFile();
    const sums: string[] = [];
    const add = (name: string, text: string) => {
      const bytes = Buffer.from(text);
      sums.push(`${createHash("sha256").update(bytes).digest("hex")}  ${name}`);
      zip.addBuffer(bytes, name);
    };
    add("index.html", page);
    add("style.css", style);
    add("conversation.json", JSON.stringify(data, null, 2));
    add("proof.json", JSON.stringify({ version: 1, ...proof }));
    for (const { name, storageKey, sha256 } of files) {
      if (sha256) sums.push(`${sha256}  files/${name}`);
      zip.addReadStreamLazy(`files/${name}`, { compress: false }, (given) =>
        given(null, ctx.storage.read(storageKey)),
      );
    }
    zip.addBuffer(Buffer.from(`${sums.join("\n")}\n`), "SHA256SUMS");
    zip.end();
    res.attachment(`hilo-evidence-${conversation.id}.zip`);
    await pipeline(zip.outputStream as unknown as Readable, res);
  },
);
