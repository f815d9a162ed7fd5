import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Request, type Response, Router } from "express";
import { collectEvidence } from "../services/audit/evidence.ts";
import { presentAuditEvent } from "../views/audit/present.ts";
import { exact } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { templatesFolder } from "../views/index.ts";
import * as shape from "./api/present.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import { idParam } from "./validate.ts";
import { sendZip } from "./zip.ts";

const style = readFileSync(resolve(templatesFolder, "audit/evidence.css"), "utf8");

/** Milliseconds. */
const longestTurn = 60_000;

/** One after the other: a long conversation with its proof takes memory. */
function inTurn(work: (req: Request, res: Response) => Promise<void>) {
  let turn: Promise<unknown> = Promise.resolve();
  return (req: Request, res: Response): Promise<void> => {
    const mine = turn.then(() => work(req, res));
    // Whoever reads slowly holds nobody up for longer than that.
    turn = Promise.race([mine.catch(() => {}), sleep(longestTurn, undefined, { ref: false })]);
    return mine;
  };
}

/** A conversation to hand over: readable by people, and provable by whoever has the script of `docs/`. */
export const evidence: Router = Router();

evidence.get(
  "/conversations/:id/evidence.zip",
  requirePermission("audit.export"),
  requirePermission("audit.see"),
  requirePermission("contacts.phones"),
  exportLimit,
  inTurn(async (req, res) => {
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
    const texts = [
      ["index.html", page],
      ["style.css", style],
      ["conversation.json", JSON.stringify(data, null, 2)],
      ["proof.json", JSON.stringify({ version: 1, ...proof })],
    ].map(([name = "", text = ""]) => [name, Buffer.from(text)] as const);
    const sum = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    const sums = [
      ...texts.map(([name, bytes]) => `${sum(bytes)}  ${name}`),
      ...files.flatMap(({ name, sha256 }) => (sha256 ? [`${sha256}  files/${name}`] : [])),
    ];
    const list = ["SHA256SUMS", Buffer.from(`${sums.join("\n")}\n`)] as const;
    await sendZip(res, ctx.storage, `hilo-evidence-${conversation.id}.zip`, [...texts, list], files);
  }),
);
